/**
 * The imports of a TypeScript file, found by their shape: statements begin in the first column, as the formatter puts
 * them. `typeOnly` is what leaves no trace in the JavaScript: `import type`, `export type` and
 * `typeof import('x')`. `import { type A } from 'x'` is not: with verbatimModuleSyntax it stays as `import {} from 'x'`.
 */
const STATEMENT = /^(?:import|export)\s+(type\s+(?!from\b))?(?:[\w*\s{},$]+?\sfrom\s+)?['"]([^'"\n]+)['"]/gm
const DYNAMIC = /(typeof\s+)?\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g

export function importsOf(text) {
  const code = withoutComments(text)
  const found = []
  for (const { index, 1: type, 2: specifier } of code.matchAll(STATEMENT)) {
    found.push({ specifier, line: lineAt(code, index), typeOnly: type !== undefined })
  }
  for (const { index, 1: type, 2: specifier } of code.matchAll(DYNAMIC)) {
    found.push({ specifier, line: lineAt(code, index), typeOnly: type !== undefined })
  }
  return found.sort((a, b) => a.line - b.line)
}

function lineAt(text, index) {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < index; i = text.indexOf('\n', i + 1)) line++
  return line
}

/** The text with its comment lines blanked, so that line numbers stay. */
function withoutComments(text) {
  let inside = false
  return text
    .split('\n')
    .map((line) => {
      const trimmed = line.trimStart()
      const begins = trimmed.startsWith('/*')
      const comment = inside || begins || trimmed.startsWith('//')
      if (inside || begins) inside = !trimmed.includes('*/')
      return comment ? '' : line
    })
    .join('\n')
}
