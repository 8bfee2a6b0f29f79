/** How the environment of the application's containers travels through the agent's own. */

/**
 * Completes one mirrored value, as the agent finds it in its environment: a reference that no ConfigMap, Secret or
 * earlier variable resolved is left with its prefix. It means a service link, else it is what the author wrote.
 * @param shared variables that all containers of the pod have
 */
export function restoreReferences(
  value: string,
  prefix: string,
  shared: Readonly<Record<string, string | undefined>>,
): string {
  const [start = '', ...references] = value.split(`$(${prefix}`);
  const restored = references.map((text) => {
    const end = text.indexOf(')');
    const found = end < 0 ? undefined : shared[text.slice(0, end)];
    return found === undefined ? `$(${text}` : found + text.slice(end + 1);
  });
  return [start, ...restored].join('');
}
