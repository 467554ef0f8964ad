import { expect, test } from 'vitest'
import { parseCommand } from '#build/cli/arguments.js'
import { RUN_HELP, SHELL_HELP } from '#build/cli/help.js'
import { ArgumentError } from '#build/errors.js'

test('run without options', () => {
  expect(parseCommand(['run', 'a.js'])).toEqual({
    kind: 'run',
    module: 'a.js',
    threads: undefined,
    batchInterval: 1000,
    duration: undefined,
    until: undefined,
    checkpointDir: undefined,
    standby: false,
    dropState: [],
    keep: undefined,
    writeAheadLog: false,
    params: {},
    json: false,
    ui: undefined,
    metrics: undefined,
    watch: undefined,
  })
})

test('run with every option, in any order; the last of two wins', () => {
  const args = ['--threads', '3', '--param', 'a=1', '--param', 'b=x=y', '--param', 'c=', '--param', 'a=2', '--json']
  expect(
    parseCommand([
      'run',
      ...args,
      'a.js',
      '--batch-interval',
      '250',
      '--duration=2m',
      '--until',
      'caught-up',
      '--checkpoint-dir',
      'folder',
      '--standby',
      '--drop-state',
      'totals',
      '--drop-state=words',
      '--keep',
      '2h',
      '--write-ahead-log',
    ]),
  ).toEqual({
    kind: 'run',
    module: 'a.js',
    threads: 3,
    batchInterval: 250,
    duration: 120_000,
    until: 'caught-up',
    checkpointDir: 'folder',
    standby: true,
    dropState: ['totals', 'words'],
    keep: 7_200_000,
    writeAheadLog: true,
    params: { a: '2', b: 'x=y', c: '' },
    json: true,
    ui: undefined,
    metrics: undefined,
    watch: undefined,
  })
})

test('a parameter may have the name of a property of every object', () => {
  const command = parseCommand(['run', 'a.js', '--param', '__proto__=x'])
  expect(Object.entries((command as unknown as { params: object }).params)).toEqual([['__proto__', 'x']])
})

test.each(['init', 'run', 'shell', 'checkpoint', 'replay', 'stress'])('%s --help shows examples that parse', (name) => {
  const { text } = parseCommand([name, '--help']) as { text: string }
  const examples = [...text.matchAll(/^ {2}millrace ([^|&>\n]+)/gm)].map(([, rest]) => rest!.trim().split(/\s+/))
  expect(examples.length).toBeGreaterThan(0)
  for (const args of examples) {
    expect(args[0]).toBe(name)
    expect(parseCommand(args), args.join(' ')).not.toHaveProperty('kind', 'help')
  }
})

test('help wins over what is missing', () => {
  expect(parseCommand(['run', '--help'])).toEqual({ kind: 'help', text: RUN_HELP })
})

test('the help names every option', () => {
  const named = () => parseCommand(['run', '--nothing'])
  expect(named).toThrow(/Options: /)
  try {
    named()
  } catch (error) {
    const options = (error as Error).message.split('Options: ')[1]!.match(/--[a-z-]+/g)!
    expect(options).toHaveLength(19)
    for (const option of options) expect(RUN_HELP).toContain(`\n  ${option} `)
  }
})

test.each([
  [[], 'A command is missing'],
  [['walk'], "Unknown command 'walk'. Commands: init"],
  [['run'], 'a module is missing'],
  [['run', 'a.js', 'b.js'], 'run takes one module and got 2: a.js b.js'],
  [['run', 'a.js', '--fast'], "Unknown option '--fast'"],
  [['run', 'a.js', '--threads'], "Option '--threads <value>' argument missing. Options:"],
  [['run', 'a.js', '--threads', '0'], "--threads is '0'; it must be a whole number from 1 to 256."],
  [['run', 'a.js', '--threads', '257'], "--threads is '257'"],
  [['run', 'a.js', '--threads', '2x'], "--threads is '2x'"],
  [['run', 'a.js', '--threads', '1e1'], "--threads is '1e1'"],
  [['run', 'a.js', '--batch-interval', '1 parsec'], '--batch-interval is "1 parsec"'],
  [['run', 'a.js', '--batch-interval', '0'], '--batch-interval is 0; it must be'],
  [['run', 'a.js', '--duration', '-1s'], '--duration'],
  [['run', 'a.js', '--until', 'later'], "--until is 'later'; it must be caught-up"],
  [['run', 'a.js', '--duration=-1s'], '--duration is "-1s"'],
  [['run', 'a.js', '--param', 'port'], "--param is 'port'; it must be key=value"],
  [['run', 'a.js', '--param', '=1'], "--param is '=1'"],
  [['run', 'a.js', '--thread', '2'], "Unknown option '--thread'. Did you mean --threads?"],
  [['run', 'a.js', '--zzz', '2'], "Unknown option '--zzz'. Options: --threads,"],
  [['rnu', 'a.js'], "Unknown command 'rnu'. Did you mean run? Commands:"],
  [['run', 'a.js', '--json=yes'], "Option '--json' does not take an argument"],
])('%j is refused', (args, message) => {
  expect(() => parseCommand(args)).toThrow(ArgumentError)
  expect(() => parseCommand(args)).toThrow(message)
})

test.each([
  [['--ui'], { chaos: false }],
  [['--ui-port', '0'], { port: 0, chaos: false }],
  [['--chaos'], { chaos: true }],
  [['--ui', '--chaos', '--ui-port', '5000'], { port: 5000, chaos: true }],
])('run %j serves a page', (args, ui) => {
  expect(parseCommand(['run', 'a.js', ...args])).toMatchObject({ ui })
})

test.each([
  [['--metrics'], { port: 9464, host: '127.0.0.1' }],
  [['--metrics-port', '0'], { port: 0, host: '127.0.0.1' }],
  [['--metrics-host', '0.0.0.0'], { port: 9464, host: '0.0.0.0' }],
])('run %j serves metrics', (args, metrics) => {
  expect(parseCommand(['run', 'a.js', ...args])).toMatchObject({ metrics })
})

test('run --watch has the arguments of the run that restarts', () => {
  const watch = ['run', 'a.js', '--threads', '2', '--json']
  expect(parseCommand(['run', 'a.js', '--threads', '2', '--watch', '--json'])).toMatchObject({ watch })
})

test('shell', () => {
  expect(parseCommand(['shell'])).toEqual({
    kind: 'shell',
    module: undefined,
    threads: undefined,
    batchInterval: 1000,
    params: {},
  })
  expect(parseCommand(['shell', 'a.ts', '--threads', '2', '--batch-interval', '5s', '--param', 'a=1'])).toEqual({
    kind: 'shell',
    module: 'a.ts',
    threads: 2,
    batchInterval: 5000,
    params: { a: '1' },
  })
  expect(parseCommand(['shell', '--help'])).toEqual({ kind: 'help', text: SHELL_HELP })
})

test.each([
  ['4040', 'http://127.0.0.1:4040/'],
  ['http://streams.example.org:4040', 'http://streams.example.org:4040/'],
  ['https://example.org/streams', 'https://example.org/streams/'],
])('shell --attach %s', (address, page) => {
  expect(parseCommand(['shell', '--attach', address, '--token', 'secret'])).toEqual({
    kind: 'attach',
    page: new URL(page),
    token: 'secret',
  })
})

test.each([
  [['a.mjs', 'b.mjs'], 'shell takes one module and got 2'],
  [['--attach', 'soon'], "--attach is 'soon'; it must be the port"],
  [['--attach', '70000'], "--attach is '70000'"],
  [['--attach', 'ftp://a'], "--attach is 'ftp://a'"],
  [['a.mjs', '--attach', '4040'], 'Leave one of them out'],
  [['--token', 'x'], 'Add --attach <port>'],
])('shell %j is refused', (args, message) => {
  expect(() => parseCommand(['shell', ...args])).toThrow(ArgumentError)
  expect(() => parseCommand(['shell', ...args])).toThrow(message)
})
