import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Command, millraceWith } from './command.js'

const PROMPT = 'millrace> '

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-shell-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A shell on a terminal that shows its prompt. */
async function onTerminal(env: Readonly<Record<string, string | undefined>>, ...args: string[]): Promise<Command> {
  const command = millraceWith(
    { terminal: true, env: { MILLRACE_HISTORY: '', NO_COLOR: '1', ...env } },
    'shell',
    '--threads',
    '2',
    ...args,
  )
  await command.writes('stdout', PROMPT)
  return command
}

/** A job that waits in its tasks until the file exists. */
const waiting = (file: string) =>
  `ctx.range(0, 4, 1, 4).map(withEnv({ file: ${JSON.stringify(file)} }, (n) => { const fs = process.getBuiltinModule('node:fs'); while (!fs.existsSync(file)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); return n + 0.5 })).sum()\r`

test('history is kept between shells, Tab completes, Ctrl-D leaves', async () => {
  const history = join(folder(), 'history')
  const first = await onTerminal({ MILLRACE_HISTORY: history })
  expect(first.stdout).toContain('.help shows examples')
  first.type('ctx.paralleliz\t')
  await first.writes('stdout', 'ctx.parallelize')
  first.type("(['kept']).collect()\r")
  await first.writes('stdout', "[ 'kept' ]\r\n")
  first.type('\x04')
  expect(await first.ended).toEqual({ code: 0, signal: null })
  expect(readFileSync(history, 'utf8')).toContain("ctx.parallelize(['kept']).collect()")

  const second = await onTerminal({ MILLRACE_HISTORY: history })
  second.type('\x1b[A')
  await second.writes('stdout', "ctx.parallelize(['kept']).collect()")
  second.type('\r')
  await second.writes('stdout', "[ 'kept' ]\r\n")
  second.type('.exit\r')
  expect(await second.ended).toEqual({ code: 0, signal: null })
})

test('completion of the members of a dataset runs no job', async () => {
  const shell = await onTerminal({})
  shell.type("let jobs = 0; ctx.on('jobStarted', () => jobs++); const numbers = ctx.range(3); 'ready'\r")
  await shell.writes('stdout', "'ready'\r\n")
  shell.type('numbers.collec\t')
  await shell.writes('stdout', 'numbers.collect')
  shell.type('; jobs + 100\r')
  await shell.writes('stdout', '\n100\r\n')
})

test('a long job has a bar for its stage, which is erased', async () => {
  const file = join(folder(), 'go')
  const shell = await onTerminal({})
  shell.type(waiting(file))
  await shell.writes('stdout', '0 of 4 tasks')
  writeFileSync(file, '')
  await shell.writes('stdout', '8\r\n')
  const after = shell.stdout.slice(shell.stdout.lastIndexOf('of 4 tasks'))
  expect(after, 'the cursor goes up, and erases').toContain('A\r\x1b[J')
})

test('results have colours, but not with NO_COLOR', async () => {
  const coloured = await onTerminal({ NO_COLOR: undefined })
  coloured.type('40 + 2\r')
  await coloured.writes('stdout', '\n\x1b[33m42\x1b[39m\r\n')
  const plain = await onTerminal({})
  plain.type('40 + 2\r')
  await plain.writes('stdout', '\n42\r\n')
})

test('Ctrl-C ends the job of an input, and the shell continues', async () => {
  const file = join(folder(), 'go')
  onTestFinished(() => writeFileSync(file, ''))
  const shell = await onTerminal({})
  shell.type(waiting(file))
  await shell.writes('stdout', 'of 4 tasks')
  shell.type('\x03')
  await shell.writes('stdout', 'interrupted')
  shell.type('"an" + "swer"\r')
  await shell.writes('stdout', 'answer')
})

test('batches print above the prompt, which keeps what is typed', async () => {
  const shell = await onTerminal({}, '--batch-interval', '1d')
  shell.type(
    "const lines = ssc.pushStream('lines'); lines.print(); lines.push('pushed'); await ssc.start(), 'started'\r",
  )
  await shell.writes('stdout', "\n'started'\r\n")
  shell.type('void ssc.stop({ graceful: true })\r')
  shell.type('const half = ')
  await shell.writes('stdout', 'pushed\r\n\r\n')
  shell.type('21; half * 2\r')
  await shell.writes('stdout', '\n42\r\n')
})
