import * as v from 'valibot';

/** Describes values of type `T`, to be checked with {@link validate}. */
export type Schema<T> = v.GenericSchema<unknown, T>;

/**
 * Checks `value` against `schema` and returns it typed. Unknown fields are dropped, so that an older version can read
 * what a newer one wrote.
 * @param onInvalid makes the error from one line such as `ports.0.listenPort: Invalid type: Expected number`
 */
export function validate<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
  onInvalid: (reason: string) => Error,
): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw onInvalid(path === null ? issue.message : `${path}: ${issue.message}`);
}
