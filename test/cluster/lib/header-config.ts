/** Headgate's configuration for the Rollout `shop`, one of whose versions gets the requests with `HEADER: true`. */
export function headerConfig(header: string, to: 'canary' | 'preview'): string {
  return `
listen: { address: 0.0.0.0, port: 8080 }
admin: { address: 0.0.0.0, port: 8081 }
source: { kubernetes: {} }
routes:
  - name: shop
    rollout: shop
    headers: [{ name: ${header}, exact: "true", to: ${to} }]
`;
}
