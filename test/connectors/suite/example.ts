import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

/** Runs the first program of a connector's page in a process of its own, with other texts for its servers. */
export async function runExample(
  page: string,
  replacements: Readonly<Record<string, string>>,
  check: () => Promise<unknown>,
): Promise<void> {
  const text = readFileSync(new URL(`../../../docs/connectors/${page}`, import.meta.url), 'utf8')
  const source = Object.entries(replacements).reduce(
    (code, [from, to]) => code.replaceAll(from, to),
    /```ts\n(.*?)```/s.exec(text)![1]!,
  )
  const { code } = await transform(source, { loader: 'ts' })
  const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(fileURLToPath(new URL('../../..', import.meta.url)), join(folder, 'node_modules', 'millrace'))
  writeFileSync(join(folder, 'example.mjs'), code)
  const program = spawn(process.execPath, ['example.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(program, 'exit')
  try {
    await check()
  } finally {
    program.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
}
