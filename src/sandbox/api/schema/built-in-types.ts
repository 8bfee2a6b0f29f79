/**
 * The built-in types of Kubernetes 1.32 that the sandbox serves. Written by test/conformance/schema/main.go from the
 * API's Go types; do not edit.
 *
 * A line without indent begins a type; `atomic` means that server-side apply takes it as one value. A line with indent
 * is a field: its name, its type (`[T]` a list, `{T}` a map), and
 *   `patch=` the strategy of strategic merge patches, with the merge key of a list
 *   `map=` the keys of a list that server-side apply merges; `set`, `atomic`: the other ways it takes lists and maps
 *   `present` the field is in every object of the type, empty or not
 *   `pointer` zero and empty are values, where they otherwise mean missing
 *   `#` the field's number in protobuf; `inline` is a message whose fields are this type's own
 */
export const builtInTypes = `
AWSElasticBlockStoreVolumeSource
  volumeID string present #1
  fsType string #2
  partition integer #3
  readOnly boolean #4
Affinity
  nodeAffinity NodeAffinity pointer #1
  podAffinity PodAffinity pointer #2
  podAntiAffinity PodAntiAffinity pointer #3
AppArmorProfile
  type string present #1
  localhostProfile string pointer #2
AttachedVolume
  name string present #1
  devicePath string present #2
AzureDiskVolumeSource
  diskName string present #1
  diskURI string present #2
  cachingMode string pointer #3
  fsType string pointer #4
  readOnly boolean pointer #5
  kind string pointer #6
AzureFileVolumeSource
  secretName string present #1
  shareName string present #2
  readOnly boolean #3
Binding
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  target ObjectReference present #2
CSIVolumeSource
  driver string present #1
  readOnly boolean pointer #2
  fsType string pointer #3
  volumeAttributes {string} #4
  nodePublishSecretRef LocalObjectReference pointer #5
Capabilities
  add [string] #1 atomic
  drop [string] #2 atomic
CephFSVolumeSource
  monitors [string] present #1 atomic
  path string #2
  user string #3
  secretFile string #4
  secretRef LocalObjectReference pointer #5
  readOnly boolean #6
CinderVolumeSource
  volumeID string present #1
  fsType string #2
  readOnly boolean #3
  secretRef LocalObjectReference pointer #4
ClientIPConfig
  timeoutSeconds integer pointer #1
ClusterTrustBundleProjection
  name string pointer #1
  signerName string pointer #2
  labelSelector meta.LabelSelector pointer #3
  optional boolean pointer #5
  path string present #4
ConfigMap
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  immutable boolean pointer #4
  data {string} #2
  binaryData {bytes} #3
ConfigMapEnvSource
  name string
  inline LocalObjectReference #1
  optional boolean pointer #2
ConfigMapKeySelector atomic
  name string
  inline LocalObjectReference #1
  key string present #2
  optional boolean pointer #3
ConfigMapNodeConfigSource
  namespace string present #1
  name string present #2
  uid string #3
  resourceVersion string #4
  kubeletConfigKey string present #5
ConfigMapProjection
  name string
  inline LocalObjectReference #1
  items [KeyToPath] #2 atomic
  optional boolean pointer #4
ConfigMapVolumeSource
  name string
  inline LocalObjectReference #1
  items [KeyToPath] #2 atomic
  defaultMode integer pointer #3
  optional boolean pointer #4
Container
  name string present #1
  image string #2
  command [string] #3 atomic
  args [string] #4 atomic
  workingDir string #5
  ports [ContainerPort] patch=merge:containerPort #6 map=containerPort,protocol
  envFrom [EnvFromSource] #19 atomic
  env [EnvVar] patch=merge:name #7 map=name
  resources ResourceRequirements #8
  resizePolicy [ContainerResizePolicy] #23 atomic
  restartPolicy string pointer #24
  volumeMounts [VolumeMount] patch=merge:mountPath #9 map=mountPath
  volumeDevices [VolumeDevice] patch=merge:devicePath #21 map=devicePath
  livenessProbe Probe pointer #10
  readinessProbe Probe pointer #11
  startupProbe Probe pointer #22
  lifecycle Lifecycle pointer #12
  terminationMessagePath string #13
  terminationMessagePolicy string #20
  imagePullPolicy string #14
  securityContext SecurityContext pointer #15
  stdin boolean #16
  stdinOnce boolean #17
  tty boolean #18
ContainerImage
  names [string] present #1 atomic
  sizeBytes integer #2
ContainerPort
  name string #1
  hostPort integer #2
  containerPort integer present #3
  protocol string #4
  hostIP string #5
ContainerResizePolicy
  resourceName string present #1
  restartPolicy string present #2
ContainerState
  waiting ContainerStateWaiting pointer #1
  running ContainerStateRunning pointer #2
  terminated ContainerStateTerminated pointer #3
ContainerStateRunning
  startedAt time #1
ContainerStateTerminated
  exitCode integer present #1
  signal integer #2
  reason string #3
  message string #4
  startedAt time #5
  finishedAt time #6
  containerID string #7
ContainerStateWaiting
  reason string #1
  message string #2
ContainerStatus
  name string present #1
  state ContainerState #2
  lastState ContainerState #3
  ready boolean present #4
  restartCount integer present #5
  image string present #6
  imageID string present #7
  containerID string #8
  started boolean pointer #9
  allocatedResources {quantity} #10
  resources ResourceRequirements pointer #11
  volumeMounts [VolumeMountStatus] patch=merge:mountPath #12 map=mountPath
  user ContainerUser pointer #13
  allocatedResourcesStatus [ResourceStatus] patch=merge:name #14 map=name
ContainerUser
  linux LinuxContainerUser pointer #1
DaemonEndpoint
  Port integer present #1
DownwardAPIProjection
  items [DownwardAPIVolumeFile] #1 atomic
DownwardAPIVolumeFile
  path string present #1
  fieldRef ObjectFieldSelector pointer #2
  resourceFieldRef ResourceFieldSelector pointer #3
  mode integer pointer #4
DownwardAPIVolumeSource
  items [DownwardAPIVolumeFile] #1 atomic
  defaultMode integer pointer #2
EmptyDirVolumeSource
  medium string #1
  sizeLimit quantity pointer #2
EndpointAddress atomic
  ip string present #1
  hostname string #3
  nodeName string pointer #4
  targetRef ObjectReference pointer #2
EndpointPort atomic
  name string #1
  port integer present #2
  protocol string #3
  appProtocol string pointer #4
EndpointSubset
  addresses [EndpointAddress] #1 atomic
  notReadyAddresses [EndpointAddress] #2 atomic
  ports [EndpointPort] #3 atomic
Endpoints
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  subsets [EndpointSubset] #2 atomic
EnvFromSource
  prefix string #1
  configMapRef ConfigMapEnvSource pointer #2
  secretRef SecretEnvSource pointer #3
EnvVar
  name string present #1
  value string #2
  valueFrom EnvVarSource pointer #3
EnvVarSource
  fieldRef ObjectFieldSelector pointer #1
  resourceFieldRef ResourceFieldSelector pointer #2
  configMapKeyRef ConfigMapKeySelector pointer #3
  secretKeyRef SecretKeySelector pointer #4
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
  restartPolicy string pointer
  volumeMounts [VolumeMount] patch=merge:mountPath
  volumeDevices [VolumeDevice] patch=merge:devicePath
  livenessProbe Probe pointer
  readinessProbe Probe pointer
  startupProbe Probe pointer
  lifecycle Lifecycle pointer
  terminationMessagePath string
  terminationMessagePolicy string
  imagePullPolicy string
  securityContext SecurityContext pointer
  stdin boolean
  stdinOnce boolean
  tty boolean
  inline EphemeralContainerCommon #1
  targetContainerName string #2
EphemeralContainerCommon
  name string present #1
  image string #2
  command [string] #3
  args [string] #4
  workingDir string #5
  ports [ContainerPort] patch=merge:containerPort #6
  envFrom [EnvFromSource] #19
  env [EnvVar] patch=merge:name #7
  resources ResourceRequirements #8
  resizePolicy [ContainerResizePolicy] #23
  restartPolicy string pointer #24
  volumeMounts [VolumeMount] patch=merge:mountPath #9
  volumeDevices [VolumeDevice] patch=merge:devicePath #21
  livenessProbe Probe pointer #10
  readinessProbe Probe pointer #11
  startupProbe Probe pointer #22
  lifecycle Lifecycle pointer #12
  terminationMessagePath string #13
  terminationMessagePolicy string #20
  imagePullPolicy string #14
  securityContext SecurityContext pointer #15
  stdin boolean #16
  stdinOnce boolean #17
  tty boolean #18
EphemeralVolumeSource
  volumeClaimTemplate PersistentVolumeClaimTemplate pointer #1
Event
  apiVersion string
  kind string
  metadata meta.ObjectMeta present #1
  involvedObject ObjectReference present #2
  reason string #3
  message string #4
  source EventSource #5
  firstTimestamp time #6
  lastTimestamp time #7
  count integer #8
  type string #9
  eventTime time #10
  series EventSeries pointer #11
  action string #12
  related ObjectReference pointer #13
  reportingComponent string present #14
  reportingInstance string present #15
EventSeries
  count integer #1
  lastObservedTime time #2
EventSource
  component string #1
  host string #2
ExecAction
  command [string] #1 atomic
FCVolumeSource
  targetWWNs [string] #1 atomic
  lun integer pointer #2
  fsType string #3
  readOnly boolean #4
  wwids [string] #5 atomic
FlexVolumeSource
  driver string present #1
  fsType string #2
  secretRef LocalObjectReference pointer #3
  readOnly boolean #4
  options {string} #5
FlockerVolumeSource
  datasetName string #1
  datasetUUID string #2
GCEPersistentDiskVolumeSource
  pdName string present #1
  fsType string #2
  partition integer #3
  readOnly boolean #4
GRPCAction
  port integer present #1
  service string present pointer #2
GitRepoVolumeSource
  repository string present #1
  revision string #2
  directory string #3
GlusterfsVolumeSource
  endpoints string present #1
  path string present #2
  readOnly boolean #3
HTTPGetAction
  path string #1
  port intOrString present #2
  host string #3
  scheme string #4
  httpHeaders [HTTPHeader] #5 atomic
HTTPHeader
  name string present #1
  value string present #2
HostAlias
  ip string present #1
  hostnames [string] #2 atomic
HostIP
  ip string present #1
HostPathVolumeSource
  path string present #1
  type string pointer #2
ISCSIVolumeSource
  targetPortal string present #1
  iqn string present #2
  lun integer present #3
  iscsiInterface string #4
  fsType string #5
  readOnly boolean #6
  portals [string] #7 atomic
  chapAuthDiscovery boolean #8
  chapAuthSession boolean #11
  secretRef LocalObjectReference pointer #10
  initiatorName string pointer #12
ImageVolumeSource
  reference string #1
  pullPolicy string #2
KeyToPath
  key string present #1
  path string present #2
  mode integer pointer #3
Lifecycle
  postStart LifecycleHandler pointer #1
  preStop LifecycleHandler pointer #2
LifecycleHandler
  exec ExecAction pointer #1
  httpGet HTTPGetAction pointer #2
  tcpSocket TCPSocketAction pointer #3
  sleep SleepAction pointer #4
LinuxContainerUser
  uid integer present #1
  gid integer present #2
  supplementalGroups [integer] #3 atomic
LoadBalancerIngress
  ip string #1
  hostname string #2
  ipMode string pointer #3
  ports [PortStatus] #4 atomic
LoadBalancerStatus
  ingress [LoadBalancerIngress] #1 atomic
LocalObjectReference atomic
  name string #1
ModifyVolumeStatus
  targetVolumeAttributesClassName string #1
  status string present #2
NFSVolumeSource
  server string present #1
  path string present #2
  readOnly boolean #3
Namespace
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec NamespaceSpec #2
  status NamespaceStatus #3
NamespaceCondition
  type string present #1
  status string present #2
  lastTransitionTime time #4
  reason string #5
  message string #6
NamespaceSpec
  finalizers [string] #1 atomic
NamespaceStatus
  phase string #1
  conditions [NamespaceCondition] patch=merge:type #2 map=type
Node
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec NodeSpec #2
  status NodeStatus #3
NodeAddress
  type string present #1
  address string present #2
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution NodeSelector pointer #1
  preferredDuringSchedulingIgnoredDuringExecution [PreferredSchedulingTerm] #2 atomic
NodeCondition
  type string present #1
  status string present #2
  lastHeartbeatTime time #3
  lastTransitionTime time #4
  reason string #5
  message string #6
NodeConfigSource
  configMap ConfigMapNodeConfigSource pointer #2
NodeConfigStatus
  assigned NodeConfigSource pointer #1
  active NodeConfigSource pointer #2
  lastKnownGood NodeConfigSource pointer #3
  error string #4
NodeDaemonEndpoints
  kubeletEndpoint DaemonEndpoint #1
NodeFeatures
  supplementalGroupsPolicy boolean pointer #1
NodeRuntimeHandler
  name string present #1
  features NodeRuntimeHandlerFeatures pointer #2
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts boolean pointer #1
  userNamespaces boolean pointer #2
NodeSelector atomic
  nodeSelectorTerms [NodeSelectorTerm] present #1 atomic
NodeSelectorRequirement
  key string present #1
  operator string present #2
  values [string] #3 atomic
NodeSelectorTerm atomic
  matchExpressions [NodeSelectorRequirement] #1 atomic
  matchFields [NodeSelectorRequirement] #2 atomic
NodeSpec
  podCIDR string #1
  podCIDRs [string] patch=merge #7 set
  providerID string #3
  unschedulable boolean #4
  taints [Taint] #5 atomic
  configSource NodeConfigSource pointer #6
  externalID string #2
NodeStatus
  capacity {quantity} #1
  allocatable {quantity} #2
  phase string #3
  conditions [NodeCondition] patch=merge:type #4 map=type
  addresses [NodeAddress] patch=merge:type #5 map=type
  daemonEndpoints NodeDaemonEndpoints #6
  nodeInfo NodeSystemInfo #7
  images [ContainerImage] #8 atomic
  volumesInUse [string] #9 atomic
  volumesAttached [AttachedVolume] #10 atomic
  config NodeConfigStatus pointer #11
  runtimeHandlers [NodeRuntimeHandler] #12 atomic
  features NodeFeatures pointer #13
NodeSystemInfo
  machineID string present #1
  systemUUID string present #2
  bootID string present #3
  kernelVersion string present #4
  osImage string present #5
  containerRuntimeVersion string present #6
  kubeletVersion string present #7
  kubeProxyVersion string present #8
  operatingSystem string present #9
  architecture string present #10
ObjectFieldSelector atomic
  apiVersion string #1
  fieldPath string present #2
ObjectReference atomic
  kind string #1
  namespace string #2
  name string #3
  uid string #4
  apiVersion string #5
  resourceVersion string #6
  fieldPath string #7
PersistentVolumeClaim
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec PersistentVolumeClaimSpec #2
  status PersistentVolumeClaimStatus #3
PersistentVolumeClaimCondition
  type string present #1
  status string present #2
  lastProbeTime time #3
  lastTransitionTime time #4
  reason string #5
  message string #6
PersistentVolumeClaimSpec
  accessModes [string] #1 atomic
  selector meta.LabelSelector pointer #4
  resources VolumeResourceRequirements #2
  volumeName string #3
  storageClassName string pointer #5
  volumeMode string pointer #6
  dataSource TypedLocalObjectReference pointer #7
  dataSourceRef TypedObjectReference pointer #8
  volumeAttributesClassName string pointer #9
PersistentVolumeClaimStatus
  phase string #1
  accessModes [string] #2 atomic
  capacity {quantity} #3
  conditions [PersistentVolumeClaimCondition] patch=merge:type #4 map=type
  allocatedResources {quantity} #5
  allocatedResourceStatuses {string} #7
  currentVolumeAttributesClassName string pointer #8
  modifyVolumeStatus ModifyVolumeStatus pointer #9
PersistentVolumeClaimTemplate
  metadata meta.ObjectMeta #1
  spec PersistentVolumeClaimSpec present #2
PersistentVolumeClaimVolumeSource
  claimName string present #1
  readOnly boolean #2
PhotonPersistentDiskVolumeSource
  pdID string present #1
  fsType string #2
Pod
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec PodSpec #2
  status PodStatus #3
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] #1 atomic
  preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] #2 atomic
PodAffinityTerm
  labelSelector meta.LabelSelector pointer #1
  namespaces [string] #2 atomic
  topologyKey string present #3
  namespaceSelector meta.LabelSelector pointer #4
  matchLabelKeys [string] #5 atomic
  mismatchLabelKeys [string] #6 atomic
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution [PodAffinityTerm] #1 atomic
  preferredDuringSchedulingIgnoredDuringExecution [WeightedPodAffinityTerm] #2 atomic
PodCondition
  type string present #1
  status string present #2
  lastProbeTime time #3
  lastTransitionTime time #4
  reason string #5
  message string #6
PodDNSConfig
  nameservers [string] #1 atomic
  searches [string] #2 atomic
  options [PodDNSConfigOption] #3 atomic
PodDNSConfigOption
  name string #1
  value string pointer #2
PodIP
  ip string present #1
PodOS
  name string present #1
PodReadinessGate
  conditionType string present #1
PodResourceClaim
  name string present #1
  resourceClaimName string pointer #3
  resourceClaimTemplateName string pointer #4
PodResourceClaimStatus
  name string present #1
  resourceClaimName string pointer #2
PodSchedulingGate
  name string present #1
PodSecurityContext
  seLinuxOptions SELinuxOptions pointer #1
  windowsOptions WindowsSecurityContextOptions pointer #8
  runAsUser integer pointer #2
  runAsGroup integer pointer #6
  runAsNonRoot boolean pointer #3
  supplementalGroups [integer] #4 atomic
  supplementalGroupsPolicy string pointer #12
  fsGroup integer pointer #5
  sysctls [Sysctl] #7 atomic
  fsGroupChangePolicy string pointer #9
  seccompProfile SeccompProfile pointer #10
  appArmorProfile AppArmorProfile pointer #11
  seLinuxChangePolicy string pointer #13
PodSpec
  volumes [Volume] patch=merge,retainKeys:name #1 map=name
  initContainers [Container] patch=merge:name #20 map=name
  containers [Container] patch=merge:name present #2 map=name
  ephemeralContainers [EphemeralContainer] patch=merge:name #34 map=name
  restartPolicy string #3
  terminationGracePeriodSeconds integer pointer #4
  activeDeadlineSeconds integer pointer #5
  dnsPolicy string #6
  nodeSelector {string} #7 atomic
  serviceAccountName string #8
  serviceAccount string #9
  automountServiceAccountToken boolean pointer #21
  nodeName string #10
  hostNetwork boolean #11
  hostPID boolean #12
  hostIPC boolean #13
  shareProcessNamespace boolean pointer #27
  securityContext PodSecurityContext pointer #14
  imagePullSecrets [LocalObjectReference] patch=merge:name #15 map=name
  hostname string #16
  subdomain string #17
  affinity Affinity pointer #18
  schedulerName string #19
  tolerations [Toleration] #22 atomic
  hostAliases [HostAlias] patch=merge:ip #23 map=ip
  priorityClassName string #24
  priority integer pointer #25
  dnsConfig PodDNSConfig pointer #26
  readinessGates [PodReadinessGate] #28 atomic
  runtimeClassName string pointer #29
  enableServiceLinks boolean pointer #30
  preemptionPolicy string pointer #31
  overhead {quantity} #32
  topologySpreadConstraints [TopologySpreadConstraint] patch=merge:topologyKey #33 map=topologyKey,whenUnsatisfiable
  setHostnameAsFQDN boolean pointer #35
  os PodOS pointer #36
  hostUsers boolean pointer #37
  schedulingGates [PodSchedulingGate] patch=merge:name #38 map=name
  resourceClaims [PodResourceClaim] patch=merge,retainKeys:name #39 map=name
  resources ResourceRequirements pointer #40
PodStatus
  phase string #1
  conditions [PodCondition] patch=merge:type #2 map=type
  message string #3
  reason string #4
  nominatedNodeName string #11
  hostIP string #5
  hostIPs [HostIP] patch=merge:ip #16 atomic
  podIP string #6
  podIPs [PodIP] patch=merge:ip #12 map=ip
  startTime time pointer #7
  initContainerStatuses [ContainerStatus] #10 atomic
  containerStatuses [ContainerStatus] #8 atomic
  qosClass string #9
  ephemeralContainerStatuses [ContainerStatus] #13 atomic
  resize string #14
  resourceClaimStatuses [PodResourceClaimStatus] patch=merge,retainKeys:name #15 map=name
PodTemplate
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  template PodTemplateSpec #2
PodTemplateSpec
  metadata meta.ObjectMeta #1
  spec PodSpec #2
PortStatus
  port integer present #1
  protocol string present #2
  error string pointer #3
PortworxVolumeSource
  volumeID string present #1
  fsType string #2
  readOnly boolean #3
PreferredSchedulingTerm
  weight integer present #1
  preference NodeSelectorTerm present #2
Probe
  exec ExecAction pointer
  httpGet HTTPGetAction pointer
  tcpSocket TCPSocketAction pointer
  grpc GRPCAction pointer
  inline ProbeHandler #1
  initialDelaySeconds integer #2
  timeoutSeconds integer #3
  periodSeconds integer #4
  successThreshold integer #5
  failureThreshold integer #6
  terminationGracePeriodSeconds integer pointer #7
ProbeHandler
  exec ExecAction pointer #1
  httpGet HTTPGetAction pointer #2
  tcpSocket TCPSocketAction pointer #3
  grpc GRPCAction pointer #4
ProjectedVolumeSource
  sources [VolumeProjection] present #1 atomic
  defaultMode integer pointer #2
QuobyteVolumeSource
  registry string present #1
  volume string present #2
  readOnly boolean #3
  user string #4
  group string #5
  tenant string #6
RBDVolumeSource
  monitors [string] present #1 atomic
  image string present #2
  fsType string #3
  pool string #4
  user string #5
  keyring string #6
  secretRef LocalObjectReference pointer #7
  readOnly boolean #8
ResourceClaim
  name string present #1
  request string #2
ResourceFieldSelector atomic
  containerName string #1
  resource string present #2
  divisor quantity #3
ResourceHealth
  resourceID string present #1
  health string #2
ResourceRequirements
  limits {quantity} #1
  requests {quantity} #2
  claims [ResourceClaim] #3 map=name
ResourceStatus
  name string present #1
  resources [ResourceHealth] #2 map=resourceID
SELinuxOptions
  user string #1
  role string #2
  type string #3
  level string #4
ScaleIOVolumeSource
  gateway string present #1
  system string present #2
  secretRef LocalObjectReference present pointer #3
  sslEnabled boolean #4
  protectionDomain string #5
  storagePool string #6
  storageMode string #7
  volumeName string #8
  fsType string #9
  readOnly boolean #10
SeccompProfile
  type string present #1
  localhostProfile string pointer #2
Secret
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  immutable boolean pointer #5
  data {bytes} #2
  stringData {string} #4
  type string #3
SecretEnvSource
  name string
  inline LocalObjectReference #1
  optional boolean pointer #2
SecretKeySelector atomic
  name string
  inline LocalObjectReference #1
  key string present #2
  optional boolean pointer #3
SecretProjection
  name string
  inline LocalObjectReference #1
  items [KeyToPath] #2 atomic
  optional boolean pointer #4
SecretVolumeSource
  secretName string #1
  items [KeyToPath] #2 atomic
  defaultMode integer pointer #3
  optional boolean pointer #4
SecurityContext
  capabilities Capabilities pointer #1
  privileged boolean pointer #2
  seLinuxOptions SELinuxOptions pointer #3
  windowsOptions WindowsSecurityContextOptions pointer #10
  runAsUser integer pointer #4
  runAsGroup integer pointer #8
  runAsNonRoot boolean pointer #5
  readOnlyRootFilesystem boolean pointer #6
  allowPrivilegeEscalation boolean pointer #7
  procMount string pointer #9
  seccompProfile SeccompProfile pointer #11
  appArmorProfile AppArmorProfile pointer #12
Service
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec ServiceSpec #2
  status ServiceStatus #3
ServiceAccount
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  secrets [ObjectReference] patch=merge:name #2 map=name
  imagePullSecrets [LocalObjectReference] #3 atomic
  automountServiceAccountToken boolean pointer #4
ServiceAccountTokenProjection
  audience string #1
  expirationSeconds integer pointer #2
  path string present #3
ServicePort
  name string #1
  protocol string #2
  appProtocol string pointer #6
  port integer present #3
  targetPort intOrString #4
  nodePort integer #5
ServiceSpec
  ports [ServicePort] patch=merge:port #1 map=port,protocol
  selector {string} #2 atomic
  clusterIP string #3
  clusterIPs [string] #18 atomic
  type string #4
  externalIPs [string] #5 atomic
  sessionAffinity string #7
  loadBalancerIP string #8
  loadBalancerSourceRanges [string] #9 atomic
  externalName string #10
  externalTrafficPolicy string #11
  healthCheckNodePort integer #12
  publishNotReadyAddresses boolean #13
  sessionAffinityConfig SessionAffinityConfig pointer #14
  ipFamilies [string] #19 atomic
  ipFamilyPolicy string pointer #17
  allocateLoadBalancerNodePorts boolean pointer #20
  loadBalancerClass string pointer #21
  internalTrafficPolicy string pointer #22
  trafficDistribution string pointer #23
ServiceStatus
  loadBalancer LoadBalancerStatus #1
  conditions [meta.Condition] patch=merge:type #2 map=type
SessionAffinityConfig
  clientIP ClientIPConfig pointer #1
SleepAction
  seconds integer present #1
StorageOSVolumeSource
  volumeName string #1
  volumeNamespace string #2
  fsType string #3
  readOnly boolean #4
  secretRef LocalObjectReference pointer #5
Sysctl
  name string present #1
  value string present #2
TCPSocketAction
  port intOrString present #1
  host string #2
Taint
  key string present #1
  value string #2
  effect string present #3
  timeAdded time pointer #4
Toleration
  key string #1
  operator string #2
  value string #3
  effect string #4
  tolerationSeconds integer pointer #5
TopologySpreadConstraint
  maxSkew integer present #1
  topologyKey string present #2
  whenUnsatisfiable string present #3
  labelSelector meta.LabelSelector pointer #4
  minDomains integer pointer #5
  nodeAffinityPolicy string pointer #6
  nodeTaintsPolicy string pointer #7
  matchLabelKeys [string] #8 atomic
TypedLocalObjectReference atomic
  apiGroup string present pointer #1
  kind string present #2
  name string present #3
TypedObjectReference
  apiGroup string present pointer #1
  kind string present #2
  name string present #3
  namespace string pointer #4
Volume
  name string present #1
  hostPath HostPathVolumeSource pointer
  emptyDir EmptyDirVolumeSource pointer
  gcePersistentDisk GCEPersistentDiskVolumeSource pointer
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource pointer
  gitRepo GitRepoVolumeSource pointer
  secret SecretVolumeSource pointer
  nfs NFSVolumeSource pointer
  iscsi ISCSIVolumeSource pointer
  glusterfs GlusterfsVolumeSource pointer
  persistentVolumeClaim PersistentVolumeClaimVolumeSource pointer
  rbd RBDVolumeSource pointer
  flexVolume FlexVolumeSource pointer
  cinder CinderVolumeSource pointer
  cephfs CephFSVolumeSource pointer
  flocker FlockerVolumeSource pointer
  downwardAPI DownwardAPIVolumeSource pointer
  fc FCVolumeSource pointer
  azureFile AzureFileVolumeSource pointer
  configMap ConfigMapVolumeSource pointer
  vsphereVolume VsphereVirtualDiskVolumeSource pointer
  quobyte QuobyteVolumeSource pointer
  azureDisk AzureDiskVolumeSource pointer
  photonPersistentDisk PhotonPersistentDiskVolumeSource pointer
  projected ProjectedVolumeSource pointer
  portworxVolume PortworxVolumeSource pointer
  scaleIO ScaleIOVolumeSource pointer
  storageos StorageOSVolumeSource pointer
  csi CSIVolumeSource pointer
  ephemeral EphemeralVolumeSource pointer
  image ImageVolumeSource pointer
  inline VolumeSource #2
VolumeDevice
  name string present #1
  devicePath string present #2
VolumeMount
  name string present #1
  readOnly boolean #2
  recursiveReadOnly string pointer #7
  mountPath string present #3
  subPath string #4
  mountPropagation string pointer #5
  subPathExpr string #6
VolumeMountStatus
  name string present #1
  mountPath string present #2
  readOnly boolean #3
  recursiveReadOnly string pointer #4
VolumeProjection
  secret SecretProjection pointer #1
  downwardAPI DownwardAPIProjection pointer #2
  configMap ConfigMapProjection pointer #3
  serviceAccountToken ServiceAccountTokenProjection pointer #4
  clusterTrustBundle ClusterTrustBundleProjection pointer #5
VolumeResourceRequirements
  limits {quantity} #1
  requests {quantity} #2
VolumeSource
  hostPath HostPathVolumeSource pointer #1
  emptyDir EmptyDirVolumeSource pointer #2
  gcePersistentDisk GCEPersistentDiskVolumeSource pointer #3
  awsElasticBlockStore AWSElasticBlockStoreVolumeSource pointer #4
  gitRepo GitRepoVolumeSource pointer #5
  secret SecretVolumeSource pointer #6
  nfs NFSVolumeSource pointer #7
  iscsi ISCSIVolumeSource pointer #8
  glusterfs GlusterfsVolumeSource pointer #9
  persistentVolumeClaim PersistentVolumeClaimVolumeSource pointer #10
  rbd RBDVolumeSource pointer #11
  flexVolume FlexVolumeSource pointer #12
  cinder CinderVolumeSource pointer #13
  cephfs CephFSVolumeSource pointer #14
  flocker FlockerVolumeSource pointer #15
  downwardAPI DownwardAPIVolumeSource pointer #16
  fc FCVolumeSource pointer #17
  azureFile AzureFileVolumeSource pointer #18
  configMap ConfigMapVolumeSource pointer #19
  vsphereVolume VsphereVirtualDiskVolumeSource pointer #20
  quobyte QuobyteVolumeSource pointer #21
  azureDisk AzureDiskVolumeSource pointer #22
  photonPersistentDisk PhotonPersistentDiskVolumeSource pointer #23
  projected ProjectedVolumeSource pointer #26
  portworxVolume PortworxVolumeSource pointer #24
  scaleIO ScaleIOVolumeSource pointer #25
  storageos StorageOSVolumeSource pointer #27
  csi CSIVolumeSource pointer #28
  ephemeral EphemeralVolumeSource pointer #29
  image ImageVolumeSource pointer #30
VsphereVirtualDiskVolumeSource
  volumePath string present #1
  fsType string #2
  storagePolicyName string #3
  storagePolicyID string #4
WeightedPodAffinityTerm
  weight integer present #1
  podAffinityTerm PodAffinityTerm present #2
WindowsSecurityContextOptions
  gmsaCredentialSpecName string pointer #1
  gmsaCredentialSpec string pointer #2
  runAsUserName string pointer #3
  hostProcess boolean pointer #4
admissionregistration.MatchCondition
  name string present #1
  expression string present #2
admissionregistration.MutatingWebhook
  name string present #1
  clientConfig admissionregistration.WebhookClientConfig present #2
  rules [admissionregistration.RuleWithOperations] #3 atomic
  failurePolicy string pointer #4
  matchPolicy string pointer #9
  namespaceSelector meta.LabelSelector pointer #5
  objectSelector meta.LabelSelector pointer #11
  sideEffects string present pointer #6
  timeoutSeconds integer pointer #7
  admissionReviewVersions [string] present #8 atomic
  reinvocationPolicy string pointer #10
  matchConditions [admissionregistration.MatchCondition] patch=merge:name #12 map=name
admissionregistration.MutatingWebhookConfiguration
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  webhooks [admissionregistration.MutatingWebhook] patch=merge:name #2 map=name
admissionregistration.Rule
  apiGroups [string] #1
  apiVersions [string] #2
  resources [string] #3
  scope string pointer #4
admissionregistration.RuleWithOperations
  operations [string] #1 atomic
  apiGroups [string]
  apiVersions [string]
  resources [string]
  scope string pointer
  inline admissionregistration.Rule #2
admissionregistration.ServiceReference
  namespace string present #1
  name string present #2
  path string pointer #3
  port integer pointer #4
admissionregistration.ValidatingWebhook
  name string present #1
  clientConfig admissionregistration.WebhookClientConfig present #2
  rules [admissionregistration.RuleWithOperations] #3 atomic
  failurePolicy string pointer #4
  matchPolicy string pointer #9
  namespaceSelector meta.LabelSelector pointer #5
  objectSelector meta.LabelSelector pointer #10
  sideEffects string present pointer #6
  timeoutSeconds integer pointer #7
  admissionReviewVersions [string] present #8 atomic
  matchConditions [admissionregistration.MatchCondition] patch=merge:name #11 map=name
admissionregistration.ValidatingWebhookConfiguration
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  webhooks [admissionregistration.ValidatingWebhook] patch=merge:name #2 map=name
admissionregistration.WebhookClientConfig
  url string pointer #3
  service admissionregistration.ServiceReference pointer #1
  caBundle bytes #2
apps.ControllerRevision
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  data any #2
  revision integer present #3
apps.DaemonSet
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec apps.DaemonSetSpec #2
  status apps.DaemonSetStatus #3
apps.DaemonSetCondition
  type string present #1
  status string present #2
  lastTransitionTime time #3
  reason string #4
  message string #5
apps.DaemonSetSpec
  selector meta.LabelSelector present pointer #1
  template PodTemplateSpec present #2
  updateStrategy apps.DaemonSetUpdateStrategy #3
  minReadySeconds integer #4
  revisionHistoryLimit integer pointer #6
apps.DaemonSetStatus
  currentNumberScheduled integer present #1
  numberMisscheduled integer present #2
  desiredNumberScheduled integer present #3
  numberReady integer present #4
  observedGeneration integer #5
  updatedNumberScheduled integer #6
  numberAvailable integer #7
  numberUnavailable integer #8
  collisionCount integer pointer #9
  conditions [apps.DaemonSetCondition] patch=merge:type #10 map=type
apps.DaemonSetUpdateStrategy
  type string #1
  rollingUpdate apps.RollingUpdateDaemonSet pointer #2
apps.Deployment
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec apps.DeploymentSpec #2
  status apps.DeploymentStatus #3
apps.DeploymentCondition
  type string present #1
  status string present #2
  lastUpdateTime time #6
  lastTransitionTime time #7
  reason string #4
  message string #5
apps.DeploymentSpec
  replicas integer pointer #1
  selector meta.LabelSelector present pointer #2
  template PodTemplateSpec present #3
  strategy apps.DeploymentStrategy patch=retainKeys #4
  minReadySeconds integer #5
  revisionHistoryLimit integer pointer #6
  paused boolean #7
  progressDeadlineSeconds integer pointer #9
apps.DeploymentStatus
  observedGeneration integer #1
  replicas integer #2
  updatedReplicas integer #3
  readyReplicas integer #7
  availableReplicas integer #4
  unavailableReplicas integer #5
  conditions [apps.DeploymentCondition] patch=merge:type #6 map=type
  collisionCount integer pointer #8
apps.DeploymentStrategy
  type string #1
  rollingUpdate apps.RollingUpdateDeployment pointer #2
apps.ReplicaSet
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec apps.ReplicaSetSpec #2
  status apps.ReplicaSetStatus #3
apps.ReplicaSetCondition
  type string present #1
  status string present #2
  lastTransitionTime time #3
  reason string #4
  message string #5
apps.ReplicaSetSpec
  replicas integer pointer #1
  minReadySeconds integer #4
  selector meta.LabelSelector present pointer #2
  template PodTemplateSpec #3
apps.ReplicaSetStatus
  replicas integer present #1
  fullyLabeledReplicas integer #2
  readyReplicas integer #4
  availableReplicas integer #5
  observedGeneration integer #3
  conditions [apps.ReplicaSetCondition] patch=merge:type #6 map=type
apps.RollingUpdateDaemonSet
  maxUnavailable intOrString pointer #1
  maxSurge intOrString pointer #2
apps.RollingUpdateDeployment
  maxUnavailable intOrString pointer #1
  maxSurge intOrString pointer #2
apps.RollingUpdateStatefulSetStrategy
  partition integer pointer #1
  maxUnavailable intOrString pointer #2
apps.StatefulSet
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec apps.StatefulSetSpec #2
  status apps.StatefulSetStatus #3
apps.StatefulSetCondition
  type string present #1
  status string present #2
  lastTransitionTime time #3
  reason string #4
  message string #5
apps.StatefulSetOrdinals
  start integer present #1
apps.StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted string #1
  whenScaled string #2
apps.StatefulSetSpec
  replicas integer pointer #1
  selector meta.LabelSelector present pointer #2
  template PodTemplateSpec present #3
  volumeClaimTemplates [PersistentVolumeClaim] #4 atomic
  serviceName string present #5
  podManagementPolicy string #6
  updateStrategy apps.StatefulSetUpdateStrategy #7
  revisionHistoryLimit integer pointer #8
  minReadySeconds integer #9
  persistentVolumeClaimRetentionPolicy apps.StatefulSetPersistentVolumeClaimRetentionPolicy pointer #10
  ordinals apps.StatefulSetOrdinals pointer #11
apps.StatefulSetStatus
  observedGeneration integer #1
  replicas integer present #2
  readyReplicas integer #3
  currentReplicas integer #4
  updatedReplicas integer #5
  currentRevision string #6
  updateRevision string #7
  collisionCount integer pointer #9
  conditions [apps.StatefulSetCondition] patch=merge:type #10 map=type
  availableReplicas integer present #11
apps.StatefulSetUpdateStrategy
  type string #1
  rollingUpdate apps.RollingUpdateStatefulSetStrategy pointer #2
authentication.BoundObjectReference
  kind string #1
  apiVersion string #2
  name string #3
  uid string #4
authentication.SelfSubjectReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  status authentication.SelfSubjectReviewStatus #2
authentication.SelfSubjectReviewStatus
  userInfo authentication.UserInfo #1
authentication.TokenRequest
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec authentication.TokenRequestSpec present #2
  status authentication.TokenRequestStatus #3
authentication.TokenRequestSpec
  audiences [string] present #1
  expirationSeconds integer present pointer #4
  boundObjectRef authentication.BoundObjectReference present pointer #3
authentication.TokenRequestStatus
  token string present #1
  expirationTimestamp time present #2
authentication.TokenReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec authentication.TokenReviewSpec present #2
  status authentication.TokenReviewStatus #3
authentication.TokenReviewSpec
  token string #1
  audiences [string] #2
authentication.TokenReviewStatus
  authenticated boolean #1
  user authentication.UserInfo #2
  audiences [string] #4
  error string #3
authentication.UserInfo
  username string #1
  uid string #2
  groups [string] #3
  extra {[string]} #4
authorization.FieldSelectorAttributes
  rawSelector string #1
  requirements [meta.FieldSelectorRequirement] #2
authorization.LabelSelectorAttributes
  rawSelector string #1
  requirements [meta.LabelSelectorRequirement] #2
authorization.LocalSubjectAccessReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec authorization.SubjectAccessReviewSpec present #2
  status authorization.SubjectAccessReviewStatus #3
authorization.NonResourceAttributes
  path string #1
  verb string #2
authorization.NonResourceRule
  verbs [string] present #1
  nonResourceURLs [string] #2
authorization.ResourceAttributes
  namespace string #1
  verb string #2
  group string #3
  version string #4
  resource string #5
  subresource string #6
  name string #7
  fieldSelector authorization.FieldSelectorAttributes pointer #8
  labelSelector authorization.LabelSelectorAttributes pointer #9
authorization.ResourceRule
  verbs [string] present #1
  apiGroups [string] #2
  resources [string] #3
  resourceNames [string] #4
authorization.SelfSubjectAccessReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec authorization.SelfSubjectAccessReviewSpec present #2
  status authorization.SubjectAccessReviewStatus #3
authorization.SelfSubjectAccessReviewSpec
  resourceAttributes authorization.ResourceAttributes pointer #1
  nonResourceAttributes authorization.NonResourceAttributes pointer #2
authorization.SelfSubjectRulesReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec authorization.SelfSubjectRulesReviewSpec present #2
  status authorization.SubjectRulesReviewStatus #3
authorization.SelfSubjectRulesReviewSpec
  namespace string #1
authorization.SubjectAccessReview
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec authorization.SubjectAccessReviewSpec present #2
  status authorization.SubjectAccessReviewStatus #3
authorization.SubjectAccessReviewSpec
  resourceAttributes authorization.ResourceAttributes pointer #1
  nonResourceAttributes authorization.NonResourceAttributes pointer #2
  user string #3
  groups [string] #4
  extra {[string]} #5
  uid string #6
authorization.SubjectAccessReviewStatus
  allowed boolean present #1
  denied boolean #4
  reason string #2
  evaluationError string #3
authorization.SubjectRulesReviewStatus
  resourceRules [authorization.ResourceRule] present #1
  nonResourceRules [authorization.NonResourceRule] present #2
  incomplete boolean present #3
  evaluationError string #4
autoscaling.Scale
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec autoscaling.ScaleSpec #2
  status autoscaling.ScaleStatus #3
autoscaling.ScaleSpec
  replicas integer #1
autoscaling.ScaleStatus
  replicas integer present #1
  selector string #2
batch.Job
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec batch.JobSpec #2
  status batch.JobStatus #3
batch.JobCondition
  type string present #1
  status string present #2
  lastProbeTime time #3
  lastTransitionTime time #4
  reason string #5
  message string #6
batch.JobSpec
  parallelism integer pointer #1
  completions integer pointer #2
  activeDeadlineSeconds integer pointer #3
  podFailurePolicy batch.PodFailurePolicy pointer #11
  successPolicy batch.SuccessPolicy pointer #16
  backoffLimit integer pointer #7
  backoffLimitPerIndex integer pointer #12
  maxFailedIndexes integer pointer #13
  selector meta.LabelSelector pointer #4
  manualSelector boolean pointer #5
  template PodTemplateSpec present #6
  ttlSecondsAfterFinished integer pointer #8
  completionMode string pointer #9
  suspend boolean pointer #10
  podReplacementPolicy string pointer #14
  managedBy string pointer #15
batch.JobStatus
  conditions [batch.JobCondition] patch=merge:type #1 atomic
  startTime time pointer #2
  completionTime time pointer #3
  active integer #4
  succeeded integer #5
  failed integer #6
  terminating integer pointer #11
  completedIndexes string #7
  failedIndexes string pointer #10
  uncountedTerminatedPods batch.UncountedTerminatedPods pointer #8
  ready integer pointer #9
batch.PodFailurePolicy
  rules [batch.PodFailurePolicyRule] present #1 atomic
batch.PodFailurePolicyOnExitCodesRequirement
  containerName string pointer #1
  operator string present #2
  values [integer] present #3 set
batch.PodFailurePolicyOnPodConditionsPattern
  type string present #1
  status string present #2
batch.PodFailurePolicyRule
  action string present #1
  onExitCodes batch.PodFailurePolicyOnExitCodesRequirement pointer #2
  onPodConditions [batch.PodFailurePolicyOnPodConditionsPattern] #3 atomic
batch.SuccessPolicy
  rules [batch.SuccessPolicyRule] present #1 atomic
batch.SuccessPolicyRule
  succeededIndexes string pointer #1
  succeededCount integer pointer #2
batch.UncountedTerminatedPods
  succeeded [string] #1 set
  failed [string] #2 set
coordination.Lease
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  spec coordination.LeaseSpec #2
coordination.LeaseSpec
  holderIdentity string pointer #1
  leaseDurationSeconds integer pointer #2
  acquireTime time pointer #3
  renewTime time pointer #4
  leaseTransitions integer pointer #5
  strategy string pointer #6
  preferredHolder string pointer #7
discovery.Endpoint
  addresses [string] present #1 set
  conditions discovery.EndpointConditions #2
  hostname string pointer #3
  targetRef ObjectReference pointer #4
  deprecatedTopology {string} #5
  nodeName string pointer #6
  zone string pointer #7
  hints discovery.EndpointHints pointer #8
discovery.EndpointConditions
  ready boolean pointer #1
  serving boolean pointer #2
  terminating boolean pointer #3
discovery.EndpointHints
  forZones [discovery.ForZone] #1 atomic
discovery.EndpointPort atomic
  name string pointer #1
  protocol string pointer #2
  port integer pointer #3
  appProtocol string pointer #4
discovery.EndpointSlice
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  addressType string present #4
  endpoints [discovery.Endpoint] present #2 atomic
  ports [discovery.EndpointPort] present #3 atomic
discovery.ForZone
  name string present #1
events.Event
  apiVersion string
  kind string
  metadata meta.ObjectMeta present #1
  eventTime time present #2
  series events.EventSeries pointer #3
  reportingController string #4
  reportingInstance string #5
  action string #6
  reason string #7
  regarding ObjectReference #8
  related ObjectReference pointer #9
  note string #10
  type string #11
  deprecatedSource EventSource #12
  deprecatedFirstTimestamp time #13
  deprecatedLastTimestamp time #14
  deprecatedCount integer #15
events.EventSeries
  count integer present #1
  lastObservedTime time present #2
meta.Condition
  type string present #1
  status string present #2
  observedGeneration integer #3
  lastTransitionTime time present #4
  reason string present #5
  message string present #6
meta.DeleteOptions
  apiVersion string
  kind string
  gracePeriodSeconds integer pointer #1
  preconditions meta.Preconditions pointer #2
  orphanDependents boolean pointer #3
  propagationPolicy string pointer #4
  dryRun [string] #5 atomic
  ignoreStoreReadErrorWithClusterBreakingPotential boolean pointer #6
meta.FieldSelectorRequirement
  key string present #1
  operator string present #2
  values [string] #3
meta.LabelSelector atomic
  matchLabels {string} #1
  matchExpressions [meta.LabelSelectorRequirement] #2 atomic
meta.LabelSelectorRequirement
  key string present #1
  operator string present #2
  values [string] #3 atomic
meta.ListMeta
  selfLink string #1
  resourceVersion string #2
  continue string #3
  remainingItemCount integer pointer #4
meta.ManagedFieldsEntry
  manager string #1
  operation string #2
  apiVersion string #3
  time time pointer #4
  fieldsType string #6
  fieldsV1 any pointer #7
  subresource string #8
meta.ObjectMeta
  name string #1
  generateName string #2
  namespace string #3
  selfLink string #4
  uid string #5
  resourceVersion string #6
  generation integer #7
  creationTimestamp time #8
  deletionTimestamp time pointer #9
  deletionGracePeriodSeconds integer pointer #10
  labels {string} #11
  annotations {string} #12
  ownerReferences [meta.OwnerReference] patch=merge:uid #13 map=uid
  finalizers [string] patch=merge #14 set
  managedFields [meta.ManagedFieldsEntry] #17 atomic
meta.OwnerReference atomic
  apiVersion string present #5
  kind string present #1
  name string present #3
  uid string present #4
  controller boolean pointer #6
  blockOwnerDeletion boolean pointer #7
meta.Preconditions
  uid string pointer #1
  resourceVersion string pointer #2
meta.Status
  apiVersion string
  kind string
  metadata meta.ListMeta #1
  status string #2
  message string #3
  reason string #4
  details meta.StatusDetails pointer #5
  code integer #6
meta.StatusCause
  reason string #1
  message string #2
  field string #3
meta.StatusDetails
  name string #1
  group string #2
  kind string #3
  uid string #6
  causes [meta.StatusCause] #4
  retryAfterSeconds integer #5
policy.Eviction
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  deleteOptions meta.DeleteOptions pointer #2
rbac.AggregationRule
  clusterRoleSelectors [meta.LabelSelector] #1 atomic
rbac.ClusterRole
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  rules [rbac.PolicyRule] present #2 atomic
  aggregationRule rbac.AggregationRule pointer #3
rbac.ClusterRoleBinding
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  subjects [rbac.Subject] #2 atomic
  roleRef rbac.RoleRef present #3
rbac.PolicyRule
  verbs [string] present #1 atomic
  apiGroups [string] #2 atomic
  resources [string] #3 atomic
  resourceNames [string] #4 atomic
  nonResourceURLs [string] #5 atomic
rbac.Role
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  rules [rbac.PolicyRule] present #2 atomic
rbac.RoleBinding
  apiVersion string
  kind string
  metadata meta.ObjectMeta #1
  subjects [rbac.Subject] #2 atomic
  roleRef rbac.RoleRef present #3
rbac.RoleRef atomic
  apiGroup string present #1
  kind string present #2
  name string present #3
rbac.Subject atomic
  kind string present #1
  apiGroup string #2
  name string present #3
  namespace string #4
`;
