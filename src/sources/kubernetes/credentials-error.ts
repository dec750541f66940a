/** Credentials cannot be had at the moment: a file is gone, a plugin failed. Never holds a secret. */
export class CredentialsError extends Error {
  readonly code = 'HEADGATE_CREDENTIALS_UNREADABLE';
}
