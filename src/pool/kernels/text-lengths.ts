/** Returns the narrowest type of array for lengths of texts, of which `longest` is the greatest. */
export function lengthsType(longest: number): Uint8ArrayConstructor | Uint16ArrayConstructor | Uint32ArrayConstructor {
  if (longest <= 0xff) return Uint8Array
  return longest <= 0xffff ? Uint16Array : Uint32Array
}
