/**
 * A copy of the bytes behind a view, whatever it counts them by: `Uint8Array.from` would convert
 * the elements of other views.
 */
export function copyBytes(view: ArrayBufferView): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}
