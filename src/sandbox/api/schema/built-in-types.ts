/**
 * The built-in types of Kubernetes 1.32 that the sandbox serves. Written by test/conformance/schema/main.go from the
 * API's Go types; do not edit.
 *
 * A line without indent begins a type; `atomic` means that server-side apply takes it as one value. A line with indent
 * is a field: its name, its type (`[T]` a list, `{T}` a map), and
 *   `patch=` the strategy of strategic merge patches, with the merge key of a list
 *   `map=` the keys of a list that server-side apply merges; `set`, `atomic`: the other ways it takes lists and maps
 *   `present` the field is in every object of the type, empty or not
 */
export const builtInTypes = `
AWSElasticBlockStoreVolumeSource
  volumeID string present
  fsType string
  partition integer
  readOnly boolean
Affinity
  nodeAffinity NodeAffinity
  podAffinity PodAffinity
  podAntiAffinity PodAntiAffinity
AppArmorProfile
  type string present
  localhostProfile string
AttachedVolume
  name string present
  devicePath string present
AzureDiskVolumeSource
  diskName string present
  diskURI string present
  cachingMode string
  fsType string
  readOnly boolean
  kind string
AzureFileVolumeSource
  secretName string present
  shareName string present
  readOnly boolean
Binding
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  target ObjectReference present
CSIVolumeSource
  driver string present
  readOnly boolean
  fsType string
  volumeAttributes {string}
  nodePublishSecretRef LocalObjectReference
Capabilities
  add [string] atomic
  drop [string] atomic
CephFSVolumeSource
  monitors [string] present atomic
  path string
  user string
  secretFile string
  secretRef LocalObjectReference
  readOnly boolean
CinderVolumeSource
  volumeID string present
  fsType string
  readOnly boolean
  secretRef LocalObjectReference
ClientIPConfig
  timeoutSeconds integer
ClusterTrustBundleProjection
  name string
  signerName string
  labelSelector meta.LabelSelector
  optional boolean
  path string present
ConfigMap
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  immutable boolean
  data {string}
  binaryData {bytes}
ConfigMapEnvSource
  name string
  optional boolean
ConfigMapKeySelector atomic
  name string
  key string present
  optional boolean
ConfigMapNodeConfigSource
  namespace string present
  name string present
  uid string
  resourceVersion string
  kubeletConfigKey string present
ConfigMapProjection
  name string
  items [KeyToPath] atomic
  optional boolean
ConfigMapVolumeSource
  name string
  items [KeyToPath] atomic
  defaultMode integer
  optional boolean
Container
  name string present
  image string
  command [string] atomic
  args [string] atomic
  workingDir string
  ports [ContainerPort] patch=merge:containerPort map=containerPort,protocol
  envFrom [EnvFromSource] atomic
  env [EnvVar] patch=merge:name map=name
  resources ResourceRequirements
  resizePolicy [ContainerResizePolicy] atomic
  restartPolicy string
  volumeMounts [VolumeMount] patch=merge:mountPath map=mountPath
  volumeDevices [VolumeDevice] patch=merge:devicePath map=devicePath
  livenessProbe Probe
  readinessProbe Probe
  startupProbe Probe
  lifecycle Lifecycle
  terminationMessagePath string
  terminationMessagePolicy string
  imagePullPolicy string
  securityContext SecurityContext
  stdin boolean
  stdinOnce boolean
  tty boolean
ContainerImage
  names [string] present atomic
  sizeBytes integer
ContainerPort
  name string
  hostPort integer
  containerPort integer present
  protocol string
  hostIP string
ContainerResizePolicy
  resourceName string present
  restartPolicy string present
ContainerState
  waiting ContainerStateWaiting
  running ContainerStateRunning
  terminated ContainerStateTerminated
ContainerStateRunning
  startedAt time
ContainerStateTerminated
  exitCode integer present
  signal integer
  reason string
  message string
  startedAt time
  finishedAt time
  containerID string
ContainerStateWaiting
  reason string
  message string
ContainerStatus
  name string present
  state ContainerState
  lastState ContainerState
  ready boolean present
  restartCount integer present
  image string present
  imageID string present
  containerID string
  started boolean
  allocatedResources {quantity}
  resources ResourceRequirements
  volumeMounts [VolumeMountStatus] patch=merge:mountPath map=mountPath
  user ContainerUser
  allocatedResourcesStatus [ResourceStatus] patch=merge:name map=name
ContainerUser
  linux LinuxContainerUser
DaemonEndpoint
  Port integer present
DownwardAPIProjection
  items [DownwardAPIVolumeFile] atomic
DownwardAPIVolumeFile
  path string present
  fieldRef ObjectFieldSelector
  resourceFieldRef ResourceFieldSelector
  mode integer
DownwardAPIVolumeSource
  items [DownwardAPIVolumeFile] atomic
  defaultMode integer
EmptyDirVolumeSource
  medium string
  sizeLimit quantity
EndpointAddress atomic
  ip string present
  hostname string
  nodeName string
  targetRef ObjectReference
EndpointPort atomic
  name string
  port integer present
  protocol string
  appProtocol string
EndpointSubset
  addresses [EndpointAddress] atomic
  notReadyAddresses [EndpointAddress] atomic
  ports [EndpointPort] atomic
Endpoints
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  subsets [EndpointSubset] atomic
EnvFromSource
  prefix string
  configMapRef ConfigMapEnvSource
  secretRef SecretEnvSource
EnvVar
  name string present
  value string
  valueFrom EnvVarSource
EnvVarSource
  fieldRef ObjectFieldSelector
  resourceFieldRef ResourceFieldSelector
  configMapKeyRef ConfigMapKeySelector
  secretKeyRef SecretKeySelector
EphemeralContainer
  name string present
  image string
  command [string]
  args [string]
  workingDir string
  ports [ContainerPort] patch=merge:containerPort
  envFrom [EnvFromSource]
  env [EnvVar] patch=merge:name
  resources ResourceRequirements
  resizePolicy [ContainerResizePolicy]
  restartPolicy string
  volumeMounts [VolumeMount] patch=merge:mountPath
  volumeDevices [VolumeDevice] patch=merge:devicePath
  livenessProbe Probe
  readinessProbe Probe
  startupProbe Probe
  lifecycle Lifecycle
  terminationMessagePath string
  terminationMessagePolicy string
  imagePullPolicy string
  securityContext SecurityContext
  stdin boolean
  stdinOnce boolean
  tty boolean
  targetContainerName string
EphemeralVolumeSource
  volumeClaimTemplate PersistentVolumeClaimTemplate
Event
  apiVersion string
  kind string
  metadata meta.ObjectMeta present
  involvedObject ObjectReference present
  reason string
  message string
  source EventSource
  firstTimestamp time
  lastTimestamp time
  count integer
  type string
  eventTime time
  series EventSeries
  action string
  related ObjectReference
  reportingComponent string present
  reportingInstance string present
EventSeries
  count integer
  lastObservedTime time
EventSource
  component string
  host string
ExecAction
  command [string] atomic
FCVolumeSource
  targetWWNs [string] atomic
  lun integer
  fsType string
  readOnly boolean
  wwids [string] atomic
FlexVolumeSource
  driver string present
  fsType string
  secretRef LocalObjectReference
  readOnly boolean
  options {string}
FlockerVolumeSource
  datasetName string
  datasetUUID string
GCEPersistentDiskVolumeSource
  pdName string present
  fsType string
  partition integer
  readOnly boolean
GRPCAction
  port integer present
  service string present
GitRepoVolumeSource
  repository string present
  revision string
  directory string
GlusterfsVolumeSource
  endpoints string present
  path string present
  readOnly boolean
HTTPGetAction
  path string
  port intOrString present
  host string
  scheme string
  httpHeaders [HTTPHeader] atomic
HTTPHeader
  name string present
  value string present
HostAlias
  ip string present
  hostnames [string] atomic
HostIP
  ip string present
HostPathVolumeSource
  path string present
  type string
ISCSIVolumeSource
  targetPortal string present
  iqn string present
  lun integer present
  iscsiInterface string
  fsType string
  readOnly boolean
  portals [string] atomic
  chapAuthDiscovery boolean
  chapAuthSession boolean
  secretRef LocalObjectReference
  initiatorName string
ImageVolumeSource
  reference string
  pullPolicy string
KeyToPath
  key string present
  path string present
  mode integer
Lifecycle
  postStart LifecycleHandler
  preStop LifecycleHandler
LifecycleHandler
  exec ExecAction
  httpGet HTTPGetAction
  tcpSocket TCPSocketAction
  sleep SleepAction
LinuxContainerUser
  uid integer present
  gid integer present
  supplementalGroups [integer] atomic
LoadBalancerIngress
  ip string
  hostname string
  ipMode string
  ports [PortStatus] atomic
LoadBalancerStatus
  ingress [LoadBalancerIngress] atomic
LocalObjectReference atomic
  name string
ModifyVolumeStatus
  targetVolumeAttributesClassName string
  status string present
NFSVolumeSource
  server string present
  path string present
  readOnly boolean
Namespace
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec NamespaceSpec
  status NamespaceStatus
NamespaceCondition
  type string present
  status string present
  lastTransitionTime time
  reason string
  message string
NamespaceSpec
  finalizers [string] atomic
NamespaceStatus
  phase string
  conditions [NamespaceCondition] patch=merge:type map=type
Node
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec NodeSpec
  status NodeStatus
NodeAddress
  type string present
  address string present
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm] atomic
NodeCondition
  type string present
  status string present
  lastHeartbeatTime time
  lastTransitionTime time
  reason string
  message string
NodeConfigSource
  configMap ConfigMapNodeConfigSource
NodeConfigStatus
  assigned NodeConfigSource
  active NodeConfigSource
  lastKnownGood NodeConfigSource
  error string
NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint
NodeFeatures
  supplementalGroupsPolicy boolean
NodeRuntimeHandler
  name string present
  features NodeRuntimeHandlerFeatures
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts boolean
  userNamespaces boolean
NodeSelector atomic
  nodeSelectorTerms [NodeSelectorTerm] present atomic
NodeSelectorRequirement
  key string present
  operator string present
  values [string] atomic
NodeSelectorTerm atomic
  matchExpressions [NodeSelectorRequirement] atomic
  matchFields [NodeSelectorRequirement] atomic
NodeSpec
  podCIDR string
  podCIDRs [string] patch=merge set
  providerID string
  unschedulable boolean
  taints [Taint] atomic
  configSource NodeConfigSource
  externalID string
NodeStatus
  capacity {quantity}
  allocatable {quantity}
  phase string
  conditions [NodeCondition] patch=merge:type map=type
  addresses [NodeAddress] patch=merge:type map=type
  daemonEndpoints NodeDaemonEndpoints
  nodeInfo NodeSystemInfo
  images [ContainerImage] atomic
  volumesInUse [string] atomic
  volumesAttached [AttachedVolume] atomic
  config NodeConfigStatus
  runtimeHandlers [NodeRuntimeHandler] atomic
  features NodeFeatures
NodeSystemInfo
  machineID string present
  systemUUID string present
  bootID string present
  kernelVersion string present
  osImage string present
  containerRuntimeVersion string present
  kubeletVersion string present
  kubeProxyVersion string present
  operatingSystem string present
  architecture string present
ObjectFieldSelector atomic
  apiVersion string
  fieldPath string present
ObjectReference atomic
  kind string
  namespace string
  name string
  uid string
  apiVersion string
  resourceVersion string
  fieldPath string
PersistentVolumeClaim
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec PersistentVolumeClaimSpec
  status PersistentVolumeClaimStatus
PersistentVolumeClaimCondition
  type string present
  status string present
  lastProbeTime time
  lastTransitionTime time
  reason string
  message string
PersistentVolumeClaimSpec
  accessModes [string] atomic
  selector meta.LabelSelector
  resources VolumeResourceRequirements
  volumeName string
  storageClassName string
  volumeMode string
  dataSource TypedLocalObjectReference
  dataSourceRef TypedObjectReference
  volumeAttributesClassName string
PersistentVolumeClaimStatus
  phase string
  accessModes [string] atomic
  capacity {quantity}
  conditions [PersistentVolumeClaimCondition] patch=merge:type map=type
  allocatedResources {quantity}
  allocatedResourceStatuses {string}
  currentVolumeAttributesClassName string
  modifyVolumeStatus ModifyVolumeStatus
PersistentVolumeClaimTemplate
  metadata meta.ObjectMeta
  spec PersistentVolumeClaimSpec present
PersistentVolumeClaimVolumeSource
  claimName string present
  readOnly boolean
PhotonPersistentDiskVolumeSource
  pdID string present
  fsType string
Pod
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec PodSpec
  status PodStatus
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] atomic
  preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] atomic
PodAffinityTerm
  labelSelector meta.LabelSelector
  namespaces [string] atomic
  topologyKey string present
  namespaceSelector meta.LabelSelector
  matchLabelKeys [string] atomic
  mismatchLabelKeys [string] atomic
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] atomic
  preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] atomic
PodCondition
  type string present
  status string present
  lastProbeTime time
  lastTransitionTime time
  reason string
  message string
PodDNSConfig
  nameservers [string] atomic
  searches [string] atomic
  options [PodDNSConfigOption] atomic
PodDNSConfigOption
  name string
  value string
PodIP
  ip string present
PodOS
  name string present
PodReadinessGate
  conditionType string present
PodResourceClaim
  name string present
  resourceClaimName string
  resourceClaimTemplateName string
PodResourceClaimStatus
  name string present
  resourceClaimName string
PodSchedulingGate
  name string present
PodSecurityContext
  seLinuxOptions SELinuxOptions
  windowsOptions WindowsSecurityContextOptions
  runAsUser integer
  runAsGroup integer
  runAsNonRoot boolean
  supplementalGroups [integer] atomic
  supplementalGroupsPolicy string
  fsGroup integer
  sysctls [Sysctl] atomic
  fsGroupChangePolicy string
  seccompProfile SeccompProfile
  appArmorProfile AppArmorProfile
  seLinuxChangePolicy string
PodSpec
  volumes [Volume] patch=merge,retainKeys:name map=name
  initContainers [Container] patch=merge:name map=name
  containers [Container] patch=merge:name present map=name
  ephemeralContainers [EphemeralContainer] patch=merge:name map=name
  restartPolicy string
  terminationGracePeriodSeconds integer
  activeDeadlineSeconds integer
  dnsPolicy string
  nodeSelector {string} atomic
  serviceAccountName string
  serviceAccount string
  automountServiceAccountToken boolean
  nodeName string
  hostNetwork boolean
  hostPID boolean
  hostIPC boolean
  shareProcessNamespace boolean
  securityContext PodSecurityContext
  imagePullSecrets [LocalObjectReference] patch=merge:name map=name
  hostname string
  subdomain string
  affinity Affinity
  schedulerName string
  tolerations [Toleration] atomic
  hostAliases [HostAlias] patch=merge:ip map=ip
  priorityClassName string
  priority integer
  dnsConfig PodDNSConfig
  readinessGates [PodReadinessGate] atomic
  runtimeClassName string
  enableServiceLinks boolean
  preemptionPolicy string
  overhead {quantity}
  topologySpreadConstraints [TopologySpreadConstraint] patch=merge:topologyKey map=topologyKey,whenUnsatisfiable
  setHostnameAsFQDN boolean
  os PodOS
  hostUsers boolean
  schedulingGates [PodSchedulingGate] patch=merge:name map=name
  resourceClaims [PodResourceClaim] patch=merge,retainKeys:name map=name
  resources ResourceRequirements
PodStatus
  phase string
  conditions [PodCondition] patch=merge:type map=type
  message string
  reason string
  nominatedNodeName string
  hostIP string
  hostIPs [HostIP] patch=merge:ip atomic
  podIP string
  podIPs [PodIP] patch=merge:ip map=ip
  startTime time
  initContainerStatuses [ContainerStatus] atomic
  containerStatuses [ContainerStatus] atomic
  qosClass string
  ephemeralContainerStatuses [ContainerStatus] atomic
  resize string
  resourceClaimStatuses [PodResourceClaimStatus] patch=merge,retainKeys:name map=name
PodTemplate
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  template PodTemplateSpec
PodTemplateSpec
  metadata meta.ObjectMeta
  spec PodSpec
PortStatus
  port integer present
  protocol string present
  error string
PortworxVolumeSource
  volumeID string present
  fsType string
  readOnly boolean
PreferredSchedulingTerm
  weight integer present
  preference NodeSelectorTerm present
Probe
  exec ExecAction
  httpGet HTTPGetAction
  tcpSocket TCPSocketAction
  grpc GRPCAction
  initialDelaySeconds integer
  timeoutSeconds integer
  periodSeconds integer
  successThreshold integer
  failureThreshold integer
  terminationGracePeriodSeconds integer
ProjectedVolumeSource
  sources [VolumeProjection] present atomic
  defaultMode integer
QuobyteVolumeSource
  registry string present
  volume string present
  readOnly boolean
  user string
  group string
  tenant string
RBDVolumeSource
  monitors [string] present atomic
  image string present
  fsType string
  pool string
  user string
  keyring string
  secretRef LocalObjectReference
  readOnly boolean
ResourceClaim
  name string present
  request string
ResourceFieldSelector atomic
  containerName string
  resource string present
  divisor quantity
ResourceHealth
  resourceID string present
  health string
ResourceRequirements
  limits {quantity}
  requests {quantity}
  claims [ResourceClaim] map=name
ResourceStatus
  name string present
  resources [ResourceHealth] map=resourceID
SELinuxOptions
  user string
  role string
  type string
  level string
ScaleIOVolumeSource
  gateway string present
  system string present
  secretRef LocalObjectReference present
  sslEnabled boolean
  protectionDomain string
  storagePool string
  storageMode string
  volumeName string
  fsType string
  readOnly boolean
SeccompProfile
  type string present
  localhostProfile string
Secret
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  immutable boolean
  data {bytes}
  stringData {string}
  type string
SecretEnvSource
  name string
  optional boolean
SecretKeySelector atomic
  name string
  key string present
  optional boolean
SecretProjection
  name string
  items [KeyToPath] atomic
  optional boolean
SecretVolumeSource
  secretName string
  items [KeyToPath] atomic
  defaultMode integer
  optional boolean
SecurityContext
  capabilities Capabilities
  privileged boolean
  seLinuxOptions SELinuxOptions
  windowsOptions WindowsSecurityContextOptions
  runAsUser integer
  runAsGroup integer
  runAsNonRoot boolean
  readOnlyRootFilesystem boolean
  allowPrivilegeEscalation boolean
  procMount string
  seccompProfile SeccompProfile
  appArmorProfile AppArmorProfile
Service
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec ServiceSpec
  status ServiceStatus
ServiceAccount
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  secrets [ObjectReference] patch=merge:name map=name
  imagePullSecrets [LocalObjectReference] atomic
  automountServiceAccountToken boolean
ServiceAccountTokenProjection
  audience string
  expirationSeconds integer
  path string present
ServicePort
  name string
  protocol string
  appProtocol string
  port integer present
  targetPort intOrString
  nodePort integer
ServiceSpec
  ports [ServicePort] patch=merge:port map=port,protocol
  selector {string} atomic
  clusterIP string
  clusterIPs [string] atomic
  type string
  externalIPs [string] atomic
  sessionAffinity string
  loadBalancerIP string
  loadBalancerSourceRanges [string] atomic
  externalName string
  externalTrafficPolicy string
  healthCheckNodePort integer
  publishNotReadyAddresses boolean
  sessionAffinityConfig SessionAffinityConfig
  ipFamilies [string] atomic
  ipFamilyPolicy string
  allocateLoadBalancerNodePorts boolean
  loadBalancerClass string
  internalTrafficPolicy string
  trafficDistribution string
ServiceStatus
  loadBalancer LoadBalancerStatus
  conditions [meta.Condition] patch=merge:type map=type
SessionAffinityConfig
  clientIP ClientIPConfig
SleepAction
  seconds integer present
StorageOSVolumeSource
  volumeName string
  volumeNamespace string
  fsType string
  readOnly boolean
  secretRef LocalObjectReference
Sysctl
  name string present
  value string present
TCPSocketAction
  port intOrString present
  host string
Taint
  key string present
  value string
  effect string present
  timeAdded time
Toleration
  key string
  operator string
  value string
  effect string
  tolerationSeconds integer
TopologySpreadConstraint
  maxSkew integer present
  topologyKey string present
  whenUnsatisfiable string present
  labelSelector meta.LabelSelector
  minDomains integer
  nodeAffinityPolicy string
  nodeTaintsPolicy string
  matchLabelKeys [string] atomic
TypedLocalObjectReference atomic
  apiGroup string present
  kind string present
  name string present
TypedObjectReference
  apiGroup string present
  kind string present
  name string present
  namespace string
Volume
  name string present
  hostPath HostPathVolumeSource
  emptyDir EmptyDirVolumeSource
  gcePersistentDisk GCEPersistentDiskVolumeSource
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource
  gitRepo GitRepoVolumeSource
  secret SecretVolumeSource
  nfs NFSVolumeSource
  iscsi ISCSIVolumeSource
  glusterfs GlusterfsVolumeSource
  persistentVolumeClaim PersistentVolumeClaimVolumeSource
  rbd RBDVolumeSource
  flexVolume FlexVolumeSource
  cinder CinderVolumeSource
  cephfs CephFSVolumeSource
  flocker FlockerVolumeSource
  downwardAPI DownwardAPIVolumeSource
  fc FCVolumeSource
  azureFile AzureFileVolumeSource
  configMap ConfigMapVolumeSource
  vsphereVolume VsphereVirtualDiskVolumeSource
  quobyte QuobyteVolumeSource
  azureDisk AzureDiskVolumeSource
  photonPersistentDisk PhotonPersistentDiskVolumeSource
  projected ProjectedVolumeSource
  portworxVolume PortworxVolumeSource
  scaleIO ScaleIOVolumeSource
  storageos StorageOSVolumeSource
  csi CSIVolumeSource
  ephemeral EphemeralVolumeSource
  image ImageVolumeSource
VolumeDevice
  name string present
  devicePath string present
VolumeMount
  name string present
  readOnly boolean
  recursiveReadOnly string
  mountPath string present
  subPath string
  mountPropagation string
  subPathExpr string
VolumeMountStatus
  name string present
  mountPath string present
  readOnly boolean
  recursiveReadOnly string
VolumeProjection
  secret SecretProjection
  downwardAPI DownwardAPIProjection
  configMap ConfigMapProjection
  serviceAccountToken ServiceAccountTokenProjection
  clusterTrustBundle ClusterTrustBundleProjection
VolumeResourceRequirements
  limits {quantity}
  requests {quantity}
VsphereVirtualDiskVolumeSource
  volumePath string present
  fsType string
  storagePolicyName string
  storagePolicyID string
WeightedPodAffinityTerm
  weight integer present
  podAffinityTerm PodAffinityTerm present
WindowsSecurityContextOptions
  gmsaCredentialSpecName string
  gmsaCredentialSpec string
  runAsUserName string
  hostProcess boolean
admissionregistration.MatchCondition
  name string present
  expression string present
admissionregistration.MutatingWebhook
  name string present
  clientConfig admissionregistration.WebhookClientConfig present
  rules [admissionregistration.RuleWithOperations] atomic
  failurePolicy string
  matchPolicy string
  namespaceSelector meta.LabelSelector
  objectSelector meta.LabelSelector
  sideEffects string present
  timeoutSeconds integer
  admissionReviewVersions [string] present atomic
  reinvocationPolicy string
  matchConditions [admissionregistration.MatchCondition] patch=merge:name map=name
admissionregistration.MutatingWebhookConfiguration
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  webhooks [admissionregistration.MutatingWebhook] patch=merge:name map=name
admissionregistration.RuleWithOperations
  operations [string] atomic
  apiGroups [string]
  apiVersions [string]
  resources [string]
  scope string
admissionregistration.ServiceReference
  namespace string present
  name string present
  path string
  port integer
admissionregistration.ValidatingWebhook
  name string present
  clientConfig admissionregistration.WebhookClientConfig present
  rules [admissionregistration.RuleWithOperations] atomic
  failurePolicy string
  matchPolicy string
  namespaceSelector meta.LabelSelector
  objectSelector meta.LabelSelector
  sideEffects string present
  timeoutSeconds integer
  admissionReviewVersions [string] present atomic
  matchConditions [admissionregistration.MatchCondition] patch=merge:name map=name
admissionregistration.ValidatingWebhookConfiguration
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  webhooks [admissionregistration.ValidatingWebhook] patch=merge:name map=name
admissionregistration.WebhookClientConfig
  url string
  service admissionregistration.ServiceReference
  caBundle bytes
apps.ControllerRevision
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  data any
  revision integer present
apps.DaemonSet
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec apps.DaemonSetSpec
  status apps.DaemonSetStatus
apps.DaemonSetCondition
  type string present
  status string present
  lastTransitionTime time
  reason string
  message string
apps.DaemonSetSpec
  selector meta.LabelSelector present
  template PodTemplateSpec present
  updateStrategy apps.DaemonSetUpdateStrategy
  minReadySeconds integer
  revisionHistoryLimit integer
apps.DaemonSetStatus
  currentNumberScheduled integer present
  numberMisscheduled integer present
  desiredNumberScheduled integer present
  numberReady integer present
  observedGeneration integer
  updatedNumberScheduled integer
  numberAvailable integer
  numberUnavailable integer
  collisionCount integer
  conditions [apps.DaemonSetCondition] patch=merge:type map=type
apps.DaemonSetUpdateStrategy
  type string
  rollingUpdate apps.RollingUpdateDaemonSet
apps.Deployment
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec apps.DeploymentSpec
  status apps.DeploymentStatus
apps.DeploymentCondition
  type string present
  status string present
  lastUpdateTime time
  lastTransitionTime time
  reason string
  message string
apps.DeploymentSpec
  replicas integer
  selector meta.LabelSelector present
  template PodTemplateSpec present
  strategy apps.DeploymentStrategy patch=retainKeys
  minReadySeconds integer
  revisionHistoryLimit integer
  paused boolean
  progressDeadlineSeconds integer
apps.DeploymentStatus
  observedGeneration integer
  replicas integer
  updatedReplicas integer
  readyReplicas integer
  availableReplicas integer
  unavailableReplicas integer
  conditions [apps.DeploymentCondition] patch=merge:type map=type
  collisionCount integer
apps.DeploymentStrategy
  type string
  rollingUpdate apps.RollingUpdateDeployment
apps.ReplicaSet
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec apps.ReplicaSetSpec
  status apps.ReplicaSetStatus
apps.ReplicaSetCondition
  type string present
  status string present
  lastTransitionTime time
  reason string
  message string
apps.ReplicaSetSpec
  replicas integer
  minReadySeconds integer
  selector meta.LabelSelector present
  template PodTemplateSpec
apps.ReplicaSetStatus
  replicas integer present
  fullyLabeledReplicas integer
  readyReplicas integer
  availableReplicas integer
  observedGeneration integer
  conditions [apps.ReplicaSetCondition] patch=merge:type map=type
apps.RollingUpdateDaemonSet
  maxUnavailable intOrString
  maxSurge intOrString
apps.RollingUpdateDeployment
  maxUnavailable intOrString
  maxSurge intOrString
apps.RollingUpdateStatefulSetStrategy
  partition integer
  maxUnavailable intOrString
apps.StatefulSet
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec apps.StatefulSetSpec
  status apps.StatefulSetStatus
apps.StatefulSetCondition
  type string present
  status string present
  lastTransitionTime time
  reason string
  message string
apps.StatefulSetOrdinals
  start integer present
apps.StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted string
  whenScaled string
apps.StatefulSetSpec
  replicas integer
  selector meta.LabelSelector present
  template PodTemplateSpec present
  volumeClaimTemplates [PersistentVolumeClaim] atomic
  serviceName string present
  podManagementPolicy string
  updateStrategy apps.StatefulSetUpdateStrategy
  revisionHistoryLimit integer
  minReadySeconds integer
  persistentVolumeClaimRetentionPolicy apps.StatefulSetPersistentVolumeClaimRetentionPolicy
  ordinals apps.StatefulSetOrdinals
apps.StatefulSetStatus
  observedGeneration integer
  replicas integer present
  readyReplicas integer
  currentReplicas integer
  updatedReplicas integer
  currentRevision string
  updateRevision string
  collisionCount integer
  conditions [apps.StatefulSetCondition] patch=merge:type map=type
  availableReplicas integer present
apps.StatefulSetUpdateStrategy
  type string
  rollingUpdate apps.RollingUpdateStatefulSetStrategy
authentication.BoundObjectReference
  kind string
  apiVersion string
  name string
  uid string
authentication.SelfSubjectReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  status authentication.SelfSubjectReviewStatus
authentication.SelfSubjectReviewStatus
  userInfo authentication.UserInfo
authentication.TokenRequest
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec authentication.TokenRequestSpec present
  status authentication.TokenRequestStatus
authentication.TokenRequestSpec
  audiences [string] present
  expirationSeconds integer present
  boundObjectRef authentication.BoundObjectReference present
authentication.TokenRequestStatus
  token string present
  expirationTimestamp time present
authentication.TokenReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec authentication.TokenReviewSpec present
  status authentication.TokenReviewStatus
authentication.TokenReviewSpec
  token string
  audiences [string]
authentication.TokenReviewStatus
  authenticated boolean
  user authentication.UserInfo
  audiences [string]
  error string
authentication.UserInfo
  username string
  uid string
  groups [string]
  extra {[string]}
authorization.FieldSelectorAttributes
  rawSelector string
  requirements [meta.FieldSelectorRequirement]
authorization.LabelSelectorAttributes
  rawSelector string
  requirements [meta.LabelSelectorRequirement]
authorization.LocalSubjectAccessReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec authorization.SubjectAccessReviewSpec present
  status authorization.SubjectAccessReviewStatus
authorization.NonResourceAttributes
  path string
  verb string
authorization.NonResourceRule
  verbs [string] present
  nonResourceURLs [string]
authorization.ResourceAttributes
  namespace string
  verb string
  group string
  version string
  resource string
  subresource string
  name string
  fieldSelector authorization.FieldSelectorAttributes
  labelSelector authorization.LabelSelectorAttributes
authorization.ResourceRule
  verbs [string] present
  apiGroups [string]
  resources [string]
  resourceNames [string]
authorization.SelfSubjectAccessReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec authorization.SelfSubjectAccessReviewSpec present
  status authorization.SubjectAccessReviewStatus
authorization.SelfSubjectAccessReviewSpec
  resourceAttributes authorization.ResourceAttributes
  nonResourceAttributes authorization.NonResourceAttributes
authorization.SelfSubjectRulesReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec authorization.SelfSubjectRulesReviewSpec present
  status authorization.SubjectRulesReviewStatus
authorization.SelfSubjectRulesReviewSpec
  namespace string
authorization.SubjectAccessReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec authorization.SubjectAccessReviewSpec present
  status authorization.SubjectAccessReviewStatus
authorization.SubjectAccessReviewSpec
  resourceAttributes authorization.ResourceAttributes
  nonResourceAttributes authorization.NonResourceAttributes
  user string
  groups [string]
  extra {[string]}
  uid string
authorization.SubjectAccessReviewStatus
  allowed boolean present
  denied boolean
  reason string
  evaluationError string
authorization.SubjectRulesReviewStatus
  resourceRules [authorization.ResourceRule] present
  nonResourceRules [authorization.NonResourceRule] present
  incomplete boolean present
  evaluationError string
autoscaling.Scale
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec autoscaling.ScaleSpec
  status autoscaling.ScaleStatus
autoscaling.ScaleSpec
  replicas integer
autoscaling.ScaleStatus
  replicas integer present
  selector string
batch.Job
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec batch.JobSpec
  status batch.JobStatus
batch.JobCondition
  type string present
  status string present
  lastProbeTime time
  lastTransitionTime time
  reason string
  message string
batch.JobSpec
  parallelism integer
  completions integer
  activeDeadlineSeconds integer
  podFailurePolicy batch.PodFailurePolicy
  successPolicy batch.SuccessPolicy
  backoffLimit integer
  backoffLimitPerIndex integer
  maxFailedIndexes integer
  selector meta.LabelSelector
  manualSelector boolean
  template PodTemplateSpec present
  ttlSecondsAfterFinished integer
  completionMode string
  suspend boolean
  podReplacementPolicy string
  managedBy string
batch.JobStatus
  conditions [batch.JobCondition] patch=merge:type atomic
  startTime time
  completionTime time
  active integer
  succeeded integer
  failed integer
  terminating integer
  completedIndexes string
  failedIndexes string
  uncountedTerminatedPods batch.UncountedTerminatedPods
  ready integer
batch.PodFailurePolicy
  rules [batch.PodFailurePolicyRule] present atomic
batch.PodFailurePolicyOnExitCodesRequirement
  containerName string
  operator string present
  values [integer] present set
batch.PodFailurePolicyOnPodConditionsPattern
  type string present
  status string present
batch.PodFailurePolicyRule
  action string present
  onExitCodes batch.PodFailurePolicyOnExitCodesRequirement
  onPodConditions [batch.PodFailurePolicyOnPodConditionsPattern] atomic
batch.SuccessPolicy
  rules [batch.SuccessPolicyRule] present atomic
batch.SuccessPolicyRule
  succeededIndexes string
  succeededCount integer
batch.UncountedTerminatedPods
  succeeded [string] set
  failed [string] set
coordination.Lease
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  spec coordination.LeaseSpec
coordination.LeaseSpec
  holderIdentity string
  leaseDurationSeconds integer
  acquireTime time
  renewTime time
  leaseTransitions integer
  strategy string
  preferredHolder string
discovery.Endpoint
  addresses [string] present set
  conditions discovery.EndpointConditions
  hostname string
  targetRef ObjectReference
  deprecatedTopology {string}
  nodeName string
  zone string
  hints discovery.EndpointHints
discovery.EndpointConditions
  ready boolean
  serving boolean
  terminating boolean
discovery.EndpointHints
  forZones [discovery.ForZone] atomic
discovery.EndpointPort atomic
  name string
  protocol string
  port integer
  appProtocol string
discovery.EndpointSlice
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  addressType string present
  endpoints [discovery.Endpoint] present atomic
  ports [discovery.EndpointPort] present atomic
discovery.ForZone
  name string present
events.Event
  apiVersion string
  kind string
  metadata meta.ObjectMeta present
  eventTime time present
  series events.EventSeries
  reportingController string
  reportingInstance string
  action string
  reason string
  regarding ObjectReference
  related ObjectReference
  note string
  type string
  deprecatedSource EventSource
  deprecatedFirstTimestamp time
  deprecatedLastTimestamp time
  deprecatedCount integer
events.EventSeries
  count integer present
  lastObservedTime time present
meta.Condition
  type string present
  status string present
  observedGeneration integer
  lastTransitionTime time present
  reason string present
  message string present
meta.DeleteOptions
  apiVersion string
  kind string
  gracePeriodSeconds integer
  preconditions meta.Preconditions
  orphanDependents boolean
  propagationPolicy string
  dryRun [string] atomic
  ignoreStoreReadErrorWithClusterBreakingPotential boolean
meta.FieldSelectorRequirement
  key string present
  operator string present
  values [string]
meta.LabelSelector atomic
  matchLabels {string}
  matchExpressions [meta.LabelSelectorRequirement] atomic
meta.LabelSelectorRequirement
  key string present
  operator string present
  values [string] atomic
meta.ListMeta
  selfLink string
  resourceVersion string
  continue string
  remainingItemCount integer
meta.ManagedFieldsEntry
  manager string
  operation string
  apiVersion string
  time time
  fieldsType string
  fieldsV1 any
  subresource string
meta.ObjectMeta
  name string
  generateName string
  namespace string
  selfLink string
  uid string
  resourceVersion string
  generation integer
  creationTimestamp time
  deletionTimestamp time
  deletionGracePeriodSeconds integer
  labels {string}
  annotations {string}
  ownerReferences [meta.OwnerReference] patch=merge:uid map=uid
  finalizers [string] patch=merge set
  managedFields [meta.ManagedFieldsEntry] atomic
meta.OwnerReference atomic
  apiVersion string present
  kind string present
  name string present
  uid string present
  controller boolean
  blockOwnerDeletion boolean
meta.Preconditions
  uid string
  resourceVersion string
meta.Status
  apiVersion string
  kind string
  metadata meta.ListMeta
  status string
  message string
  reason string
  details meta.StatusDetails
  code integer
meta.StatusCause
  reason string
  message string
  field string
meta.StatusDetails
  name string
  group string
  kind string
  uid string
  causes [meta.StatusCause]
  retryAfterSeconds integer
policy.Eviction
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  deleteOptions meta.DeleteOptions
rbac.AggregationRule
  clusterRoleSelectors [meta.LabelSelector] atomic
rbac.ClusterRole
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  rules [rbac.PolicyRule] present atomic
  aggregationRule rbac.AggregationRule
rbac.ClusterRoleBinding
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  subjects [rbac.Subject] atomic
  roleRef rbac.RoleRef present
rbac.PolicyRule
  verbs [string] present atomic
  apiGroups [string] atomic
  resources [string] atomic
  resourceNames [string] atomic
  nonResourceURLs [string] atomic
rbac.Role
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  rules [rbac.PolicyRule] present atomic
rbac.RoleBinding
  apiVersion string
  kind string
  metadata meta.ObjectMeta
  subjects [rbac.Subject] atomic
  roleRef rbac.RoleRef present
rbac.RoleRef atomic
  apiGroup string present
  kind string present
  name string present
rbac.Subject atomic
  kind string present
  apiGroup string
  name string present
  namespace string
`;
