import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly args?: readonly string[]
  readonly cwd?: string
  /** An example that says this is interrupted, as by Ctrl-C. */
  readonly interruptAt?: RegExp
}

/** Runs an example as a user does, to its end. */
export function run(name: string, { args = [], cwd, interruptAt }: RunOptions = {}): Promise<Ended> {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const example = spawn(process.execPath, [file, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  let interrupted = false
  createInterface({ input: example.stdout }).on('line', (line) => {
    out += `${line}\n`
    if (!interruptAt?.test(line) || interrupted) return
    interrupted = true
    example.kill('SIGINT')
  })
  example.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  return new Promise((resolve, reject) => {
    example.once('error', reject)
    example.once('close', (code) => resolve({ code, out, err }))
  })
}
