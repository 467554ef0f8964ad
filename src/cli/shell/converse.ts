import { createInterface } from 'node:readline'
import { type REPLServer, start } from 'node:repl'
import { PassThrough, Writable } from 'node:stream'
import { Evaluation, type EvaluationOptions, evaluateIn } from './evaluation.js'
import { keepHistory } from './history.js'
import { present } from './present.js'

export interface Conversation extends Omit<EvaluationOptions, 'strip'> {
  readonly strip: EvaluationOptions['strip']
  /** Written first, on a terminal. */
  readonly banner: string
  /** The text of `.help`. */
  readonly help: string
  /** Called before an input runs, and when it has ended. */
  readonly onBusy?: (isBusy: boolean) => void
  /** Called with functions that write whole lines above the prompt: results, and errors. */
  readonly onOpen?: (write: (text: string) => void, report: (text: string) => void) => void
}

/**
 * Reads and evaluates inputs until there are no more: from a terminal with a prompt, history and completion, else line by line.
 * Resolves with false if an input that did not come from a terminal failed.
 */
export function converse(conversation: Conversation): Promise<boolean> {
  const { stdin, stdout, env } = process
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true && env.TERM !== 'dumb'
  return isTerminal ? onTerminal(conversation) : onPipe(conversation)
}

const COMMON = { useGlobal: true, ignoreUndefined: true } as const

async function onTerminal(conversation: Conversation): Promise<boolean> {
  const evaluation = new Evaluation()
  process.stdout.write(`${conversation.banner}\n`)
  const server = start({ ...COMMON, prompt: 'millrace> ', breakEvalOnSigint: true })
  prepare(server, evaluation, conversation, server.useColors)
  const flushed = keepHistory(server)
  const display = server.displayPrompt
  server.displayPrompt = function (...args) {
    evaluation.ready()
    conversation.onBusy?.(false)
    display.apply(this, args)
  }
  server.on('SIGINT', () => evaluation.interrupt())
  const write = (text: string) => {
    // The prompt and what is typed behind it are drawn again below the text.
    process.stdout.write(evaluation.isRunning ? text : `\r\x1b[J${text}`)
    if (!evaluation.isRunning) server.prompt(true)
  }
  conversation.onOpen?.(write, write)
  await ended(server)
  await flushed()
  return true
}

async function onPipe(conversation: Conversation): Promise<boolean> {
  const evaluation = new Evaluation()
  // The REPL writes results once an input has succeeded: until then it writes an error.
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      const stream = evaluation.isRunning ? process.stderr : process.stdout
      stream.write(text)
      done()
    },
  })
  const server = start({ ...COMMON, prompt: '', input: new PassThrough(), output, terminal: false, useColors: false })
  prepare(server, evaluation, conversation, false)
  conversation.onOpen?.(
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  )
  let next: (() => void) | undefined
  let isGood = true
  server.displayPrompt = () => {
    if (evaluation.ready()) isGood = false
    next?.()
  }
  const end = ended(server)
  void end.then(() => next?.())
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    await new Promise<void>((resolve) => {
      next = resolve
      server.emit('line', line)
    })
    if ((server as { closed?: boolean }).closed) break
  }
  if (evaluation.isIncomplete) {
    process.stderr.write('millrace: the input ends in the middle of a statement\n')
    isGood = false
  }
  server.close()
  await end
  return isGood
}

function prepare(server: REPLServer, evaluation: Evaluation, conversation: Conversation, colours: boolean): void {
  Object.assign(server, { writer: (value: unknown) => present(value, colours) })
  const { within, onBusy } = conversation
  evaluateIn(server, evaluation, {
    ...conversation,
    within: (signal, evaluate) => {
      onBusy?.(true)
      within(signal, evaluate)
    },
  })
  server.defineCommand('sql', {
    help: 'Query outputs, windows and state: .sql select * from counts',
    action(text) {
      server.emit('line', `sql(${JSON.stringify(text)})`)
    },
  })
  server.defineCommand('help', {
    help: 'Show examples and commands',
    action() {
      const commands = Object.entries(this.commands).map(
        ([name, command]) => `  .${name.padEnd(12)}${command?.help ?? ''}`,
      )
      this.output.write(`${conversation.help}\n\nCommands:\n${commands.sort().join('\n')}\n`)
      this.displayPrompt()
    },
  })
}

function ended(server: REPLServer): Promise<void> {
  return new Promise((resolve) => server.once('exit', () => resolve()))
}
