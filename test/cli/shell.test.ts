import { expect, test } from 'vitest'
import { millraceWith } from './command.js'

/** Evaluates lines in a shell; returns what it wrote. */
async function evaluated(lines: readonly string[], ...args: string[]) {
  const command = millraceWith({ input: `${lines.join('\n')}\n` }, 'shell', '--threads', '2', ...args)
  const { code } = await command.ended
  return { code, stdout: command.stdout, stderr: command.stderr }
}

test('results are printed, promises are waited for, and later lines use earlier names', async () => {
  const { code, stdout, stderr } = await evaluated([
    '1 + 1',
    'const numbers = ctx.range(1, 5)',
    'numbers.sum()',
    'const count = await numbers.count()',
    'count * 100',
    '_ + 1',
  ])
  expect(stdout).toBe('2\n10\n400\n401\n')
  expect(stderr).toBe('')
  expect(code).toBe(0)
})

test('datasets, records of one form and pairs print as tables', async () => {
  const { stdout } = await evaluated([
    "ctx.parallelize([{ name: 'a', size: 1200 }, { name: 'bb', tags: [1] }])",
    "ctx.parallelize(['a', 'b', 'a']).countByValue()",
    "await ctx.parallelize([['k', 1], ['l', { x: 2 }]]).collect()",
    'ctx.range(30)',
    'ctx.parallelize([])',
    '[1, 2]',
  ])
  expect(stdout).toContain('name  size  tags\na     1200\nbb          [ 1 ]\n(2 records)\n')
  expect(stdout).toContain('key  value\nk    1\nl    { x: 2 }\n(2 records)\n')
  expect(stdout).toContain('   19\n(the first 20 records)\n')
  expect(stdout).toContain('(no records)\n[ 1, 2 ]\n')
})

test('a table shows control characters of records as text', async () => {
  const { stdout } = await evaluated([String.raw`ctx.parallelize(['\u001b[31mred\n', '\u009b'])`])
  expect(stdout).toContain(String.raw`\u001b[31mred\n`)
  expect(stdout).toContain(String.raw`\u009b`)
  expect(stdout).not.toContain('\u001b')
})

test('an error shows control characters of its message as text', async () => {
  const { stderr } = await evaluated([
    String.raw`throw new Error('\u001b[2Jgone')`,
    String.raw`ctx.parallelize(['\u001b[2Jlost']).map((text) => { throw new Error(text) }).count()`,
  ])
  expect(stderr).toContain(String.raw`\u001b[2Jgone`)
  expect(stderr).toContain(String.raw`\u001b[2Jlost`)
  expect(stderr).not.toContain('\u001b')
})

test('a table shows the fields that a record has itself', async () => {
  const { stdout } = await evaluated(['ctx.parallelize([{ constructor: 1 }, { a: 2 }])'])
  expect(stdout).toBe('constructor  a\n1\n             2\n(2 records)\n')
})

test('TypeScript, objects and statements over several lines', async () => {
  const { code, stdout, stderr } = await evaluated([
    'interface Reading { readonly sensor: string; readonly value: number }',
    "const readings: Reading[] = [{ sensor: 'a', value: 1 }, { sensor: 'b', value: 2 }]",
    'function twice(',
    '  { value }: Reading,',
    '): number {',
    '  return value * 2',
    '}',
    'ctx.parallelize<Reading>(readings).map(withEnv({ twice }, (r: Reading) => twice(r))).sum()',
    '{ a: 1 }',
    '{ a: 1, b: 2 }',
    '`one',
    'two`',
    'const total: number = await ctx.range(3).sum()',
    'total satisfies number',
    "'a' + 'b'",
  ])
  expect(stderr).toBe('')
  expect(stdout).toBe("6\n{ a: 1 }\n{ a: 1, b: 2 }\n'one\\ntwo'\n3\n'ab'\n")
  expect(code).toBe(0)
})

test('a function that uses a variable of the shell is refused with the way to pass it', async () => {
  const { code, stdout, stderr } = await evaluated([
    'const limit = 3',
    'ctx.range(6).filter((n) => n > limit)',
    'ctx.range(6).filter(withEnv({ limit }, (n) => n > limit)).collect()',
    'var factor = 2; ctx.range(2).map((n) => n * factor)',
    'ctx.range(2).map((n) => [n, ctx.id])',
  ])
  expect(stderr).toContain('filter: the function uses `limit` of its surroundings')
  expect(stderr).toContain('Pass it with withEnv({ limit }, fn)')
  expect(stderr).toContain('map: the function uses `factor` of its surroundings')
  expect(stderr).toContain('map: the function uses `ctx` of its surroundings')
  expect(stderr).not.toContain('    at ')
  expect(stdout).toBe('[ 4, 5 ]\n')
  expect(code, 'an input has failed').toBe(1)
})

test('errors of tasks show the cause, and the shell continues', async () => {
  const { code, stdout, stderr } = await evaluated([
    "ctx.range(2).map(() => { throw new RangeError('too far') })",
    'nothing',
    'throw 5',
    '1 +* 2',
    '"still here"',
  ])
  expect(stderr).toContain('caused by RangeError: too far')
  expect(stderr).toContain('ReferenceError: nothing is not defined')
  expect(stderr).toContain('Uncaught 5')
  expect(stderr).toContain('SyntaxError')
  expect(stdout).toBe("'still here'\n")
  expect(code).toBe(1)
})

test('ssc has the streams of a module: they start, print and have outputs', async () => {
  const { code, stdout, stderr } = await evaluated(
    [
      '[...ssc.outputNames]',
      "await ssc.start({ until: 'caught-up' })",
      'await ssc.awaitTermination()',
      "ssc.output('count')",
      'batches(2)',
      'batches(0)',
    ],
    'words.mjs',
    '--batch-interval',
    '100ms',
    '--param',
    'text=x y x',
  )
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^\[ 'count' \]\n/)
  expect(stdout).toMatch(/-{43}\nTime: \d+ ms\n-{43}\n/)
  expect(stdout).toContain('["x",2]')
  expect(stdout).toMatch(/batch \d+ ms \(.*Z\)\nvalue\n {4}3\n\(1 record\)\n/)
  expect(stdout).toMatch(/batch +status +records +scheduling +processing +total\n\d{4}-.*Z +completed/)
  expect(stdout).toMatch(/\n\[\]\n$/)
  expect(code).toBe(0)
})

test('streams that are typed run functions in the threads', async () => {
  const { code, stdout } = await evaluated(
    [
      "const words = ssc.pushStream('words')",
      "words.map((word: string) => [word, word.length]).output('lengths')",
      'await ssc.start()',
      "await words.push('abc', { until: 'processed' })",
      "for await (const { records } of ssc.output('lengths')) if (records.length > 0) { console.log(records); break }",
    ],
    '--batch-interval',
    '50ms',
  )
  expect(stdout).toContain("[ [ 'abc', 3 ] ]\n")
  expect(code).toBe(0)
})

test('the error that stops the streams is reported, and the shell continues', async () => {
  const { code, stdout, stderr } = await evaluated(
    [
      "const numbers = ssc.queueStream([[1]]); numbers.map(() => { throw new RangeError('too far') }).print()",
      "const stopped = new Promise((resolve) => ssc.on('streamingStopped', () => resolve('it has stopped')))",
      'await ssc.start()',
      'stopped',
      '1 + 1',
    ],
    '--batch-interval',
    '50ms',
  )
  expect(stderr).toContain('caused by RangeError: too far')
  expect(stdout).toBe("'it has stopped'\n2\n")
  expect(code).toBe(0)
})

test('.help shows examples, .exit ends, and an unfinished statement is an error', async () => {
  const left = await evaluated(['.help', '.exit', '1 + 1'])
  expect(left.stdout).toContain('withEnv({ limit }')
  expect(left.stdout).toContain('.exit')
  expect(left.stdout).not.toContain('\n2\n')
  expect(left.code).toBe(0)
  const cut = await evaluated(['ctx.range('])
  expect(cut.stderr).toContain('the input ends in the middle of a statement')
  expect(cut.code).toBe(1)
})

test.each([
  [['nowhere.mjs'], "There is no module file 'nowhere.mjs'"],
  [['no-pipeline.mjs'], 'a default export that is not a pipeline'],
])('shell %j: exit code 2', async (args, message) => {
  const command = millraceWith({ input: '' }, 'shell', ...args)
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toContain(message)
  expect(command.stdout).toBe('')
})

test('outputs, windows and state of the streams are tables of SQL', async () => {
  const { code, stdout, stderr } = await evaluated([
    "const pairs = ssc.queueStream([[['a', 1], ['b', 2]]])",
    "pairs.output('pairs')",
    "pairs.updateStateByKey((values, sum = 0) => values.reduce((t, n) => t + n, sum)).uid('sums').output('sums')",
    "await ssc.start({ until: 'caught-up' })",
    'for await (const { records } of ssc.output("sums")) if (records.length > 0) break',
    '(await tables()).map(({ table }) => table)',
    '.sql select sum(value) as total from sums',
  ])
  expect(stderr).toBe('')
  expect(stdout).toContain("[ 'pairs', 'sums', 'state_sums' ]")
  expect(stdout).toMatch(/total\n +3\n\(1 record\)\n$/)
  expect(code).toBe(0)
})
