/**
 * Appends all items to a list. Not `push(...items)`: its arguments lie on the stack, which some hundred thousand overflow.
 */
export function append<T>(list: T[], items: readonly T[]): void {
  for (let i = 0; i < items.length; i++) list.push(items[i] as T)
}
