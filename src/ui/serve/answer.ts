/** An answer: JSON with its status. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The body of an answer that is an error. */
export function fault(code: string, message: string): { readonly error: { code: string; message: string } } {
  return { error: { code, message } }
}
