/** Gives Services their cluster addresses out of the service subnet; those of the store are taken. */
import { invalid, mapIn, textOf, type KubeObject, type ObjectStore } from '../store/index.ts';

/** 10.96.0.0/16: exists only inside the sandbox's own network namespace. */
const prefix = '10.96.';

/** Addresses below are for fixed ones: `kubernetes` has .1, DNS .10. */
const firstDynamic = 256;
const lastDynamic = 65_534;

export class ServiceAddresses {
  readonly #store: ObjectStore;
  #next = firstDynamic;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Sets `clusterIP` and `clusterIPs`. @throws {ApiError} 422 when the wanted one is taken or outside the subnet */
  assign(service: KubeObject): void {
    const spec = mapIn(service, 'spec');
    if (spec['type'] === 'ExternalName') {
      delete spec['clusterIP'];
      delete spec['clusterIPs'];
      return;
    }
    const wanted = spec['clusterIP'];
    if (wanted === undefined || wanted === '') spec['clusterIP'] = this.#free();
    else if (wanted !== 'None') this.#check(service, textOf(wanted));
    spec['clusterIPs'] = [spec['clusterIP']];
  }

  #taken(): Set<unknown> {
    return new Set(
      this.#store.list('services').flatMap((service) => mapIn({ ...service }, 'spec')['clusterIP'] ?? []),
    );
  }

  #free(): string {
    const taken = this.#taken();
    for (let tried = firstDynamic; tried <= lastDynamic; tried += 1) {
      const address = `${prefix}${String(this.#next >> 8)}.${String(this.#next & 255)}`;
      this.#next = this.#next === lastDynamic ? firstDynamic : this.#next + 1;
      if (!taken.has(address)) return address;
    }
    throw new Error('no service address is free');
  }

  #check(service: KubeObject, address: string): void {
    const subject = { group: '', plural: 'services', kind: 'Service', name: service.metadata.name ?? '' };
    const error = (detail: string): Error =>
      invalid(subject, [{ type: 'invalid', field: 'spec.clusterIPs', value: [address], detail }]);
    if (!/^10\.96\.\d{1,3}\.\d{1,3}$/.test(address))
      throw error(
        `failed to allocate IP ${address}: the provided IP is not in the valid range. The range of valid IPs is 10.96.0.0/16`,
      );
    const mine = this.#store.get('services', service.metadata.namespace, subject.name);
    const owner = this.#store
      .list('services')
      .some((other) => other !== mine && mapIn({ ...other }, 'spec')['clusterIP'] === address);
    if (owner) throw error(`failed to allocate IP ${address}: provided IP is already allocated`);
  }
}
