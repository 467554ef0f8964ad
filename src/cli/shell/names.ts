/** Defines the names that inputs use. Inputs may declare variables of the same names. */
export function defineNames(names: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(names)) {
    if (Object.hasOwn(globalThis, name)) continue
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
}
