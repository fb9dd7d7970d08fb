import { z } from 'zod';
import { optional, patterned } from './vocabulary.ts';

const selector = patterned('a selector like role=compute,rack=r1', /^[^\n]{1,1000}$/);

const registry = z.strictObject({
  address: patterned('a registry like registry.example:5000', /^[A-Za-z0-9][A-Za-z0-9.:-]*$/).describe(
    'Host and port of the container registry.',
  ),
  namespace: optional(patterned('a path like openstack.kolla', /^[A-Za-z0-9][A-Za-z0-9._/-]*$/)).describe(
    'Path in it below which the images are.',
  ),
});

/** Nodes with one purpose. */
export const fleetSchema = z.strictObject({
  kind: z
    .enum(['kvm', 'kubernetes'])
    .describe('kvm: an OpenStack by Kolla. kubernetes: by kubeadm or Kubespray.'),
  nodes: selector.describe('Which nodes belong to it.'),
  controllers: optional(selector).describe('Which of them carry its control plane; all when absent.'),
  release: optional(patterned('a release, in quotes', /^[A-Za-z0-9][A-Za-z0-9._-]*$/)).describe(
    'Release of OpenStack or of Kubernetes; the one this Blackstart was tested with when absent.',
  ),
  registry: optional(registry).describe('Where its container images come from.'),
  variables: z
    .record(z.string(), z.json())
    .default({})
    .describe("Variables handed on to Kolla, kubeadm or Kubespray, in those tools' own spelling."),
});
