let known: boolean | undefined

/**
 * Returns whether the process may compile text with `new Function`, which --disallow-code-generation-from-strings
 * forbids.
 */
export function mayCompile(): boolean {
  if (known === undefined) {
    try {
      new Function('')
      known = true
    } catch {
      // Node runs with the flag.
      known = false
    }
  }
  return known
}
