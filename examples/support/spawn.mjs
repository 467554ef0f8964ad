import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Milliseconds after SIGTERM until a process is killed. */
const GRACE = 2000

/**
 * Starts a Node program that prints `{"listening":{...}}` as a line of JSON when it is ready, such as the senders of
 * this folder. Its stderr goes to ours. It ends when `stop` is called, by itself, or with this process: its stdin is
 * a pipe that closes when this process ends, however it ends.
 *
 * @param {string | URL} file a path, or a URL such as `new URL('./x-stream.mjs', import.meta.url)`
 * @param {readonly (string | number)[]} args
 * @returns {Promise<{
 *   info: { port: number, url?: string },
 *   pid: number,
 *   messages: readonly Record<string, unknown>[],
 *   stop(): Promise<void>,
 *   done: Promise<number>,
 *   [Symbol.asyncDispose](): Promise<void>,
 * }>} `info` is the value of `listening`; `messages` are the lines of JSON printed since; `done` is the exit code,
 *   128 and the signal's number after a signal, and is settled only when all output has been read. Rejects when the
 *   program cannot be started or ends before it listens.
 */
export async function startProcess(file, args = []) {
  const name = file instanceof URL ? fileURLToPath(file) : file
  const child = spawn(process.execPath, [name, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
  // Nothing is written to stdin; it breaks when the child ends first, which `done` reports.
  child.stdin.on('error', () => {})

  const messages = []
  const done = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE)
    await done
    clearTimeout(timer)
  }
  const listening = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = parseMessage(line)
      if (message?.listening === undefined) messages.push(message ?? { text: line })
      else resolve(message.listening)
    })
  })
  const early = done.then((code) => {
    throw new Error(`${name} ended with code ${code} before it listened; its stderr says why.`)
  })
  const info = await Promise.race([listening, early])
  // The race is decided: a later end of the process is no fault.
  early.catch(() => {})
  return { info, pid: child.pid, messages, stop, done, [Symbol.asyncDispose]: stop }
}

/** @returns {Record<string, unknown> | undefined} undefined for a line that is not an object in JSON */
function parseMessage(line) {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line)
  } catch {
    // Another line: the caller stores it as text.
    return undefined
  }
}
