/** Where a kind lives in the API. */
export interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const of = (apiVersion: string, plural: string, namespaced = true): Resource => ({ apiVersion, plural, namespaced });

/** The kinds that the cluster test names without their apiVersion. Any other is looked up at the API server. */
export const RESOURCES = {
  Namespace: of('v1', 'namespaces', false),
  Node: of('v1', 'nodes', false),
  Pod: of('v1', 'pods'),
  Service: of('v1', 'services'),
  ServiceAccount: of('v1', 'serviceaccounts'),
  ConfigMap: of('v1', 'configmaps'),
  Secret: of('v1', 'secrets'),
  ReplicaSet: of('apps/v1', 'replicasets'),
  Deployment: of('apps/v1', 'deployments'),
  EndpointSlice: of('discovery.k8s.io/v1', 'endpointslices'),
  Ingress: of('networking.k8s.io/v1', 'ingresses'),
  Rollout: of('argoproj.io/v1alpha1', 'rollouts'),
  Experiment: of('argoproj.io/v1alpha1', 'experiments'),
  AnalysisRun: of('argoproj.io/v1alpha1', 'analysisruns'),
  VirtualService: of('networking.istio.io/v1alpha3', 'virtualservices'),
  CustomResourceDefinition: of('apiextensions.k8s.io/v1', 'customresourcedefinitions', false),
} as const;

/** The path of all objects of a resource, or of those in one namespace. */
export function collection({ apiVersion, plural, namespaced }: Resource, namespace: string | null): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespaced && namespace !== null ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
}
