/** The Ingress `shop` of the AWS load balancer, for every host: the weights are in an annotation that the controller writes. */
export const ALB_INGRESS = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  ingressClassName: alb
  rules:
    - http:
        paths:
          - path: /*
            pathType: ImplementationSpecific
            backend: { service: { name: shop, port: { name: use-annotation } } }
`;
