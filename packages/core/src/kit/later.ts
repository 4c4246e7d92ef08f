/*
 * Values that may take time. What needs no waiting answers at once: no promise is made for it.
 */

/** A value at hand, or one that takes time. */
export type Later<T> = T | Promise<T>

/** Goes on with a value: at once where it is at hand, else when it is. */
export function andThen<T, Result>(
  value: Later<T>,
  next: (value: T) => Later<Result>,
): Later<Result> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/**
 * What a function of the application returned. Applications bring promises of any make, and of
 * other realms.
 */
export function given<T>(value: T | PromiseLike<T>): Later<T> {
  const isThenable =
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  return isThenable ? Promise.resolve(value) : (value as T)
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

/**
 * A promise of work that answers at once or later. For less than an async function takes, or an
 * executor.
 */
export function promised<T>(work: () => Later<T>): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (error) {
    // An executor that throws rejects, with whatever was thrown.
    return new Promise(() => {
      throw error
    })
  }
}
