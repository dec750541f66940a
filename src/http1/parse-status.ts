/** More bytes are needed: call again with the same start and a larger end. */
export const INCOMPLETE = 0;
/** The head or body has been read to its end. */
export const COMPLETE = 1;
/** The bytes break a rule; the parser's `reason` says which. The connection cannot be used any further. */
export const INVALID = 2;

export type ParseStatus = typeof INCOMPLETE | typeof COMPLETE | typeof INVALID;
