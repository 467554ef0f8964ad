/**
 * Appends all items to a list. `push(...items)` would put them on the stack, which overflows at some 100,000 arguments.
 */
export function append<T>(list: T[], items: readonly T[]): void {
  for (let i = 0; i < items.length; i++) list.push(items[i] as T)
}
