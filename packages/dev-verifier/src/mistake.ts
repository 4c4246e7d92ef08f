/** A mistake in a field or a flag, for its user. */
export class Mistake extends Error {
  override readonly name = 'Mistake'
}
