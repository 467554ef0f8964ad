let known: boolean | undefined

/** Whether this process may compile text with `new Function`: --disallow-code-generation-from-strings forbids it. */
export function mayCompile(): boolean {
  if (known === undefined) {
    try {
      new Function('')
      known = true
    } catch {
      // The refusal is the answer.
      known = false
    }
  }
  return known
}
