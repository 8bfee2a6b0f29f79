/** What the cells of tables are made of: ages, lists and the like, as kubectl shows them. */
import { isMap, mapsIn, textOf, type JsonMap } from '../../store/index.ts';

/** The value at a path of fields. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isMap(inner) ? inner[key] : undefined), value);
}

export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  return textOf(at(value, ...path));
}

/** The time between two instants in two units at most, as `kubectl get` shows it: `5m3s`, `2d4h`. */
export function duration(fromMs: number, toMs: number): string {
  const seconds = Math.floor((toMs - fromMs) / 1_000);
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 0) return '0s';
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const two = (large: number, unit: string, small: number, smaller: string): string =>
    `${String(large)}${unit}${small > 0 ? `${String(small)}${smaller}` : ''}`;
  if (seconds < 120) return `${String(seconds)}s`;
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${String(minutes)}m`;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${String(hours)}h`;
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  return `${String(days)}d`;
}

export function containersOf(podSpec: unknown): { names: string; images: string } {
  const containers = mapsIn(podSpec, 'containers');
  const join = (field: string): string => containers.map((container) => textOf(container[field])).join(',');
  return { names: join('name'), images: join('image') };
}

/** A `LabelSelector`, or the plain map of a Service, as text. */
export function selectorText(selector: unknown): string {
  if (!isMap(selector)) return '<none>';
  const labels = isMap(selector['matchLabels']) ? selector['matchLabels'] : selector;
  const parts = Object.entries(labels).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${key}=${value}`] : [],
  );
  for (const { key, operator, values } of mapsIn(selector, 'matchExpressions'))
    parts.push(
      `${textOf(key)} ${textOf(operator).toLowerCase()} (${Array.isArray(values) ? values.join(',') : ''})`,
    );
  return parts.length === 0 ? '<none>' : parts.join(',');
}

/** READY, STATUS and RESTARTS of a pod, of which the status needs all of it. */
export function podCells(
  pod: JsonMap,
  nowMs: number,
): { ready: string; status: string; restarts: string | number } {
  const statuses = mapsIn(pod['status'], 'containerStatuses');
  const total = mapsIn(pod['spec'], 'containers').length + sidecarNames(pod).size;
  const sidecars = mapsIn(pod['status'], 'initContainerStatuses').filter((item) =>
    sidecarNames(pod).has(textOf(item['name'])),
  );
  const counted = [...statuses, ...sidecars];
  const ready = counted.filter((item) => item['ready'] === true).length;
  const restarts = counted.reduce((sum, item) => sum + numberAt(item, 'restartCount'), 0);
  const lastMs = Math.max(
    ...counted
      .map((item) => Date.parse(textAt(item, 'lastState', 'terminated', 'finishedAt')))
      .filter((ms) => ms > 0),
  );
  return {
    ready: `${String(ready)}/${String(total)}`,
    status: podStatus(pod, statuses),
    restarts:
      restarts > 0 && Number.isFinite(lastMs)
        ? `${String(restarts)} (${duration(lastMs, nowMs)} ago)`
        : String(restarts),
  };
}

function sidecarNames(pod: JsonMap): Set<string> {
  const sidecars = mapsIn(pod['spec'], 'initContainers').filter((item) => item['restartPolicy'] === 'Always');
  return new Set(sidecars.map((item) => textOf(item['name'])));
}

function podStatus(pod: JsonMap, statuses: readonly JsonMap[]): string {
  const phase = textAt(pod, 'status', 'phase');
  if (at(pod, 'metadata', 'deletionTimestamp') !== undefined) return 'Terminating';
  const initial = mapsIn(pod['status'], 'initContainerStatuses');
  const sidecars = sidecarNames(pod);
  const index = initial.findIndex((item) => {
    if (sidecars.has(textOf(item['name'])) && item['started'] === true) return false;
    return at(item, 'state', 'terminated', 'exitCode') !== 0;
  });
  const blocking = initial[index];
  if (blocking !== undefined && statuses.every((item) => at(item, 'state', 'running') === undefined)) {
    const reason = stateReason(blocking);
    return reason === '' || reason === 'PodInitializing'
      ? `Init:${String(index)}/${String(initial.length)}`
      : `Init:${reason}`;
  }
  const reasons = statuses.map(stateReason).filter((reason) => reason !== '');
  const running = statuses.some(
    (item) => item['ready'] === true && at(item, 'state', 'running') !== undefined,
  );
  const reason = reasons[0] ?? (textAt(pod, 'status', 'reason') || phase);
  return reason === 'Completed' && running ? 'Running' : reason;
}

function stateReason(status: JsonMap): string {
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  if (waiting !== '') return waiting;
  const ended = at(status, 'state', 'terminated');
  if (!isMap(ended)) return '';
  const signal = numberAt(ended, 'signal');
  return (
    textOf(ended['reason']) ||
    (signal > 0 ? `Signal:${String(signal)}` : `ExitCode:${String(numberAt(ended, 'exitCode'))}`)
  );
}
