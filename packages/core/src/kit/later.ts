/** A value at hand, or one that takes time: what needs no waiting answers at once. */
export type Later<T> = T | Promise<T>

/** Goes on with a value: at once where it is at hand, else when it is. */
export function andThen<T, Result>(
  value: T | PromiseLike<T>,
  next: (value: T) => Later<Result>,
): Later<Result> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value)
}

/** Whether a value is a promise of any make: applications bring their own. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/**
 * Runs work that answers at once or later, and handles what it throws, at once or later.
 *
 * @param handle answers in its place, or throws
 */
export function orElse<T>(work: () => Later<T>, handle: (error: unknown) => Later<T>): Later<T> {
  try {
    const value = work()
    return value instanceof Promise ? value.catch(handle) : value
  } catch (error) {
    return handle(error)
  }
}
