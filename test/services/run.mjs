import { spawnSync } from 'node:child_process'

/** Runs a program that installs something; its output goes to standard error. */
export function run(command, args, env = {}, cwd = undefined) {
  const options = { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env }, cwd }
  const { status, error } = spawnSync(command, args, options)
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? `exit code ${status}`}`)
}
