import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type * as Acorn from 'acorn'

// Created on first use, because a bundle without `import.meta.url` must reach the check that explains the problem.
const load = (name: string): unknown => createRequire(import.meta.url)(name)
/** Most modules that are read to find the faulty one. */
const MOST = 1_000

/**
 * Returns the location of a syntax error in a module, as `file:line:column`; undefined if the error is no SyntaxError.
 * Node reports this location only if the error ends the process, so this parses the module and its relative imports
 * again.
 */
export function syntaxErrorPlace(error: unknown, url: string): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined
  // Node reports the location of a missing export, and locations in CommonJS.
  const [, named, line] = /^(\S+):(\d+)\n/.exec(error.stack ?? '') ?? []
  if (named) return `${named.startsWith('file:') ? fileURLToPath(named) : named}:${line}`
  const waiting = [new URL(url)]
  const seen = new Set<string>()
  for (let next = waiting.pop(); next && seen.size < MOST; next = waiting.pop()) {
    if (seen.has(next.href) || next.protocol !== 'file:' || !/\.[cm]?js$/.test(next.pathname)) continue
    seen.add(next.href)
    const found = read(next)
    if ('place' in found) return found.place
    waiting.push(...found.imports)
  }
  return undefined
}

function read(module: URL): { readonly place: string } | { readonly imports: readonly URL[] } {
  const { parse } = load('acorn') as typeof Acorn
  const path = fileURLToPath(module)
  try {
    const sourceType = path.endsWith('.cjs') ? 'script' : 'module'
    const { body } = parse(readFileSync(path, 'utf8'), {
      ecmaVersion: 'latest',
      sourceType,
      allowHashBang: true,
      allowReturnOutsideFunction: sourceType === 'script',
    })
    const specifiers = body.flatMap((node) => ('source' in node && node.source ? [String(node.source.value)] : []))
    return { imports: specifiers.filter((path) => /^\.{0,2}\//.test(path)).map((path) => new URL(path, module)) }
  } catch (error) {
    const { loc } = error as { loc?: { line: number; column: number } }
    // Another error reports a file that cannot be read.
    return loc ? { place: `${path}:${loc.line}:${loc.column + 1}` } : { imports: [] }
  }
}
