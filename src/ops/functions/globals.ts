import { builtinModules } from 'node:module'
import type { AnyFunction } from './ref.js'

// Globals in scripts on the command line and in a REPL, but not in workers.
const NOT_EVERYWHERE = new Set(['require', 'module', 'exports', '__filename', '__dirname', ...builtinModules])
for (const name of ['console', 'crypto', 'process']) NOT_EVERYWHERE.delete(name)

/** All global names at load time. A program's own additions to globalThis exist in its own thread only. */
const NAMES: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(globalThis).filter((name) => !NOT_EVERYWHERE.has(name)),
)

/** Returns whether every thread of this Node has a global of this name. */
export function isGlobalName(name: string): boolean {
  return NAMES.has(name)
}

let paths: Map<unknown, string> | undefined

/**
 * Returns the path of each function that is a global or a member of one. Skips getters: some load large modules or
 * warn.
 */
function walk(): Map<unknown, string> {
  const found = new Map<unknown, string>()
  const add = (value: unknown, path: string): void => {
    if (typeof value === 'function' && !found.has(value)) found.set(value, path)
  }
  const members = (owner: object): [string, unknown][] =>
    Object.entries(Object.getOwnPropertyDescriptors(owner)).map(([name, { value }]) => [name, value])
  const tops = members(globalThis).filter(([name]) => NAMES.has(name))
  // `Buffer` is behind a getter in some versions, but it is always loaded.
  tops.push(['Buffer', Buffer])
  for (const [name, value] of tops) add(value, name)
  for (const [name, value] of tops) {
    // `global` and `globalThis` would list everything twice, and `process` differs between threads.
    if (
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      value !== globalThis &&
      name !== 'process'
    ) {
      for (const [member, inner] of members(value as object))
        if (member !== 'constructor') add(inner, `${name}.${member}`)
    }
  }
  return found
}

/**
 * Returns the path of a function of the language or of Node, such as `Number` or `Math.floor`, or undefined. The first
 * call searches all globals.
 */
export function globalPath(fn: AnyFunction): string | undefined {
  paths ??= walk()
  const path = paths.get(fn)
  if (path !== undefined) return path
  // Globals behind getters, such as atob.
  return fn.name !== '' && NAMES.has(fn.name) && (globalThis as Record<string, unknown>)[fn.name] === fn
    ? fn.name
    : undefined
}

/** Returns the value at a path such as `Math.floor` in this thread, or undefined. */
export function atGlobalPath(path: string): unknown {
  let value: unknown = globalThis
  for (const part of path.split('.')) {
    if (value === undefined || value === null) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}
