import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type * as Acorn from 'acorn'

const require = createRequire(import.meta.url)
/** Modules that are read at most to find the one that is wrong. */
const MOST = 1_000

/**
 * Where the text of a module is wrong, as `file:line:column`; undefined if the error is no SyntaxError. Node keeps the place of a SyntaxError to itself unless the error ends the process, so the module and those that it
 * imports by relative paths are parsed again.
 */
export function syntaxErrorPlace(error: unknown, url: string): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined
  // Node names the place of a missing export, and of CommonJS.
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
  const { parse } = require('acorn') as typeof Acorn
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
    // A file that cannot be read is the fault of another error.
    return loc ? { place: `${path}:${loc.line}:${loc.column + 1}` } : { imports: [] }
  }
}
