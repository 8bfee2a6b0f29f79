/**
 * Kubernetes objects as JSON carries them. client-node's classes describe what its deserialiser makes; this project
 * reads the JSON itself, so instants are RFC 3339 text here and not `Date`.
 */
import type * as k8s from '@kubernetes/client-node';

/** What a type of client-node looks like in JSON. */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Json<Item>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

export type KubernetesObject = Json<k8s.KubernetesObject>;
export type V1ObjectMeta = Json<k8s.V1ObjectMeta>;
export type V1OwnerReference = Json<k8s.V1OwnerReference>;
export type V1LabelSelector = Json<k8s.V1LabelSelector>;
export type V1Pod = Json<k8s.V1Pod>;
export type V1PodSpec = Json<k8s.V1PodSpec>;
export type V1PodStatus = Json<k8s.V1PodStatus>;
export type V1PodCondition = Json<k8s.V1PodCondition>;
export type V1PodTemplateSpec = Json<k8s.V1PodTemplateSpec>;
export type V1Container = Json<k8s.V1Container>;
export type V1ContainerPort = Json<k8s.V1ContainerPort>;
export type V1ContainerState = Json<k8s.V1ContainerState>;
export type V1ContainerStatus = Json<k8s.V1ContainerStatus>;
export type V1EphemeralContainer = Json<k8s.V1EphemeralContainer>;
export type V1EnvFromSource = Json<k8s.V1EnvFromSource>;
export type V1EnvVar = Json<k8s.V1EnvVar>;
export type V1LifecycleHandler = Json<k8s.V1LifecycleHandler>;
export type V1HTTPGetAction = Json<k8s.V1HTTPGetAction>;
export type V1Probe = Json<k8s.V1Probe>;
export type V1SecurityContext = Json<k8s.V1SecurityContext>;
export type V1Volume = Json<k8s.V1Volume>;
export type V1VolumeMount = Json<k8s.V1VolumeMount>;
export type V1Deployment = Json<k8s.V1Deployment>;
export type V1StatefulSet = Json<k8s.V1StatefulSet>;
export type V1DaemonSet = Json<k8s.V1DaemonSet>;
export type V1ReplicaSet = Json<k8s.V1ReplicaSet>;
export type V1Service = Json<k8s.V1Service>;
export type V1ServicePort = Json<k8s.V1ServicePort>;
export type V1Job = Json<k8s.V1Job>;
export type V1ControllerRevision = Json<k8s.V1ControllerRevision>;
export type V1EndpointSlice = Json<k8s.V1EndpointSlice>;
export type V1Node = Json<k8s.V1Node>;
export type V1Lease = Json<k8s.V1Lease>;
export type V1Endpoints = Json<k8s.V1Endpoints>;
export type V1Namespace = Json<k8s.V1Namespace>;
export type V1Secret = Json<k8s.V1Secret>;
export type V1ConfigMap = Json<k8s.V1ConfigMap>;
export type CoreV1Event = Json<k8s.CoreV1Event>;
export type V1ServiceAccount = Json<k8s.V1ServiceAccount>;
export type V1Role = Json<k8s.V1Role>;
export type V1RoleBinding = Json<k8s.V1RoleBinding>;
export type V1Scale = Json<k8s.V1Scale>;
export type V1Status = Json<k8s.V1Status>;
export type V1ListMeta = Json<k8s.V1ListMeta>;
export type IntOrString = k8s.IntOrString;
