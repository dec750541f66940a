/** The parts of Kubernetes objects that the cluster test reads. What it writes is plain YAML. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface Pod extends KubeObject {
  readonly spec: PodSpec;
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly conditions?: readonly Condition[] };
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly env?: readonly EnvVar[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

export interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: number | string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

export interface KeyToPath {
  readonly key: string;
  readonly path: string;
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly configMap?: { readonly name: string; readonly items?: readonly KeyToPath[] };
  readonly projected?: {
    readonly sources: readonly {
      readonly serviceAccountToken?: {
        readonly path: string;
        readonly expirationSeconds?: number;
        readonly audience?: string;
      };
      readonly configMap?: { readonly name: string; readonly items?: readonly KeyToPath[] };
      readonly downwardAPI?: {
        readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
      };
    }[];
  };
}

export interface Weight {
  readonly weight: number;
  readonly serviceName?: string;
  readonly podTemplateHash?: string;
}

export interface Rollout extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly strategy?: {
      readonly canary?: {
        readonly steps?: readonly Readonly<Record<string, unknown>>[];
        readonly maxTrafficWeight?: number;
      };
    };
  };
  readonly status?: RolloutStatus;
}

export interface RolloutStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly observedGeneration?: string;
  readonly abort?: boolean;
  readonly promoteFull?: boolean;
  readonly currentStepIndex?: number;
  readonly currentPodHash?: string;
  readonly stableRS?: string;
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly updatedReplicas?: number;
  readonly pauseConditions?: readonly { readonly reason: string }[];
  readonly canary?: {
    readonly weights?: { readonly canary: Weight; readonly stable: Weight; readonly additional?: readonly Weight[] };
  };
  readonly blueGreen?: { readonly activeSelector?: string; readonly previewSelector?: string };
}

export interface Experiment extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly templateStatuses?: readonly {
      readonly name: string;
      readonly status?: string;
      readonly podTemplateHash?: string;
      readonly serviceName?: string;
    }[];
  };
}

export interface AnalysisRun extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly metricResults?: readonly MetricResult[];
  };
}

export interface MetricResult {
  readonly name: string;
  readonly phase: string;
  readonly message?: string;
  readonly successful?: number;
  readonly failed?: number;
  readonly inconclusive?: number;
  readonly error?: number;
  readonly measurements?: readonly {
    readonly phase: string;
    readonly value?: string;
    readonly message?: string;
    readonly startedAt?: string;
  }[];
}

export interface EndpointSlice extends KubeObject {
  readonly endpoints?:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly name: string };
      }[]
    | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    readonly externalName?: string;
    readonly selector?: Readonly<Record<string, string>>;
    /** `None`: headless. */
    readonly clusterIP?: string;
    readonly publishNotReadyAddresses?: boolean;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
}

export interface ReplicaSet extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
  };
}

/** The kinds that can be named without their apiVersion. */
export interface Kinds {
  Namespace: KubeObject;
  Node: KubeObject;
  Pod: Pod;
  Service: Service;
  ServiceAccount: KubeObject;
  ConfigMap: KubeObject & { readonly data?: Readonly<Record<string, string>> };
  Secret: KubeObject;
  ReplicaSet: ReplicaSet;
  Deployment: ReplicaSet;
  EndpointSlice: EndpointSlice;
  Ingress: KubeObject;
  Rollout: Rollout;
  Experiment: Experiment;
  AnalysisRun: AnalysisRun;
  VirtualService: KubeObject;
  CustomResourceDefinition: KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };
}

export type Kind = keyof Kinds;
