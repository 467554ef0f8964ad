/** A TypeScript example of a doc comment or a page. */
export interface Example {
  /** `src/ops/rdd/sort.ts:23`. */
  readonly place: string
  readonly code: string
}

/** An example as a module, and what running it must show. */
export interface ExampleModule {
  readonly text: string
  /** `fragment`: exports a function of a context, with checks. `program`: runs by itself. `types`: is compiled only. */
  readonly kind: 'fragment' | 'program' | 'types'
}

/** The fenced ts blocks of a source file or a page of Markdown. */
export function examplesIn(path: string, text: string): Example[] {
  const found: Example[] = []
  const lines = text.split('\n').map((line) => (path.endsWith('.md') ? line : line.replace(/^\s*(?:\/\*)?\* ?/, '')))
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```ts') continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`${path}:${i + 1}: the example has no end.`)
    found.push({ place: `${path}:${i + 1}`, code: lines.slice(i + 1, end).join('\n') })
    i = end
  }
  return found
}

/** What looks like a printed value: a list, an object, a Map or Set, a number, a text, true, false, undefined. */
const VALUE = String.raw`(?:\[|\{|Map \{|Set \{|-?\d|'|true$|false$|undefined$).*`
const COMMENT = new RegExp(`^(.*?)\\s*// (${VALUE})$`)
/** Names of 'millrace/testing' that fragments may use. */
const TESTING = ['memoryFiles', 'runBatches', 'terminateThread']

/**
 * Fragments may use `ctx`, `ssc`, `lines` (an RDD of texts), `sql` and every name of the library. A value after
 * `await ...` or `const x = await ...` is what
 * it resolves with; after `.output('name')` it is the records of the first batch, those of further
 * batches follow after `; `.
 */
export function moduleOf({ place, code }: Example, names: readonly string[]): ExampleModule {
  if (/^export /m.test(code)) return { text: code, kind: 'types' }
  if (/^import /m.test(code)) return { text: code, kind: 'program' }
  const { body, checks } = withChecks(place, code)
  const text = [
    `import { ${names.join(', ')} } from 'millrace'`,
    `import { ${TESTING.join(', ')} } from 'millrace/testing'`,
    "import { sql } from 'millrace/sql'",
    "import type { KeyState, RDD } from 'millrace'",
    'type Check = { value(actual: unknown, expected: string): void; output(name: string, expected: string): void }',
    'export default async (ctx: Context, ssc: StreamingContext, lines: RDD<string>, check: Check) => {',
    '  {',
    body,
    '  }',
    '}',
  ].join('\n')
  return { text, kind: checks > 0 ? 'fragment' : 'types' }
}

function withChecks(place: string, code: string): { body: string; checks: number } {
  const body: string[] = []
  let checks = 0
  let start = 0
  for (const line of withValuesInLine(code)) {
    // A line that is not indented and does not close something begins a statement.
    if (/^[^\s)}\].]/.test(line)) start = body.length
    const [, before, expected] = COMMENT.exec(line) ?? []
    body.push(before ?? line)
    if (expected === undefined) continue
    const statement = body.splice(start).join('\n')
    const output = /\.output\('([^']+)'\)$/.exec(statement)
    const variable = /^const (\w+) = await /.exec(statement)
    if (output) body.push(statement, `check.output('${output[1]}', ${JSON.stringify(expected)})`)
    else if (variable) body.push(statement, `check.value(${variable[1]}, ${JSON.stringify(expected)})`)
    else if (statement.startsWith('await ')) body.push(`check.value(${statement}, ${JSON.stringify(expected)})`)
    else throw new Error(`${place} shows a value that is neither of 'await ...' nor of '... .output(name)': ${line}`)
    start = body.length
    checks++
  }
  return { body: body.join('\n'), checks }
}

/** The lines, with a value that has lines of its own brought to the end of the line that it belongs to. */
function withValuesInLine(code: string): string[] {
  const lines: string[] = []
  for (const line of code.split('\n')) {
    const comment = /^\/\/ +(.*)$/.exec(line)?.[1]
    const last = lines.at(-1)
    if (comment !== undefined && last !== undefined) {
      const open = COMMENT.exec(last)?.[2]
      if (open !== undefined && !isBalanced(open)) {
        lines[lines.length - 1] = `${last} ${comment}`
        continue
      }
      if (open === undefined && COMMENT.test(`// ${comment}`)) {
        lines[lines.length - 1] = `${last} // ${comment}`
        continue
      }
    }
    lines.push(line)
  }
  return lines
}

function isBalanced(text: string): boolean {
  const bare = text.replaceAll(/'[^']*'/g, '')
  return bare.replaceAll(/[^[{]/g, '').length === bare.replaceAll(/[^\]}]/g, '').length
}
