import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ArgumentError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { table } from '../../support/table.js'

const node = (script: string): string[] => [process.execPath, '-e', script]
const echo = node('process.stdin.pipe(process.stdout)')

describe('pipe', () => {
  table([
    {
      name: 'lines in, lines out',
      run: (ctx) =>
        ctx
          .parallelize(['b', 'c', 'a'], 1)
          .pipe(node('console.log(require("fs").readFileSync(0, "utf8").trim().split("\\n").sort().join("\\n"))'))
          .collect(),
      expected: ['a', 'b', 'c'],
    },
    {
      name: 'one process a partition',
      run: (ctx) =>
        ctx
          .parallelize(['x', 'y', 'z'], 2)
          .pipe(node('console.log(require("fs").readFileSync(0, "utf8").length)'))
          .collect(),
      expected: ['2', '4'],
    },
    {
      name: 'what is no text goes as JSON',
      run: (ctx) =>
        ctx
          .parallelize([{ a: 1 }, { a: 2 }], 1)
          .pipe(echo)
          .collect(),
      expected: ['{"a":1}', '{"a":2}'],
    },
    {
      name: 'empty lines stay, an unfinished last line is one',
      run: (ctx) => ctx.parallelize([''], 1).pipe(node('process.stdout.write("a\\n\\nb\\r\\nc")')).collect(),
      expected: ['a', '', 'b', 'c'],
    },
    {
      name: 'no output',
      run: (ctx) => ctx.parallelize(['x'], 1).pipe(node('')).collect(),
      expected: [],
    },
    {
      name: 'more than a pipe holds',
      run: (ctx) => ctx.range(0, 100_000, 1, 1).pipe(echo).count(),
      expected: 100_000,
    },
    {
      name: 'a program that does not read all',
      run: (ctx) =>
        ctx
          .range(0, 500_000, 1, 1)
          .pipe(node('process.stdin.once("data", () => { console.log("enough"); process.exit() })'))
          .collect(),
      expected: ['enough'],
    },
    {
      name: 'environment and directory',
      run: async (ctx) =>
        ctx
          .parallelize([''], 1)
          .pipe(node('console.log(process.env.GREETING + " " + process.cwd())'), {
            env: { GREETING: 'hello' },
            cwd: tmpdir(),
          })
          .collect(),
      expected: [`hello ${realpathSync(tmpdir())}`],
    },
  ])

  eachThreads((ctx) => {
    test('the program inherits few variables unless asked for more', async () => {
      const names = async (inheritEnv?: true | string[]) => {
        const program = node('console.log(Object.keys(process.env).join())')
        const [line] = await ctx.parallelize(['x'], 1).pipe(program, { inheritEnv }).collect()
        return line!.split(',')
      }
      const all = await names(true)
      expect(all).toEqual(expect.arrayContaining(['PATH', 'VITEST']))
      expect(await names()).toContain('PATH')
      expect(await names()).not.toContain('VITEST')
      expect(await names(['VITEST'])).toContain('VITEST')
      expect(() => ctx.range(1).pipe('ls', { inheritEnv: 'PATH' as never })).toThrow(/inheritEnv/)
    })

    test('exit code and stderr are told', async () => {
      const failing = ctx.parallelize(['x'], 1).pipe(node('console.error("no such colour"); process.exit(3)'))
      await expect(failing.collect()).rejects.toThrow(/exit code 3.*stderr: no such colour/)
    })

    test('a signal is told', async () => {
      const killed = ctx
        .parallelize(['x'], 1)
        .pipe(node('process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 1e6)'))
      await expect(killed.collect()).rejects.toThrow('by signal SIGKILL')
    })

    test('a program that is not there', async () => {
      await expect(ctx.parallelize(['x']).pipe('no-such-program-anywhere').collect()).rejects.toThrow(
        /cannot be run.*ENOENT/,
      )
    })

    test('what is refused', () => {
      expect(() => ctx.range(1).pipe('')).toThrow(ArgumentError)
      expect(() => ctx.range(1).pipe('ls', '-l' as never)).toThrow(ArgumentError)
      expect(() => ctx.range(1).pipe(['ls', 1 as never])).toThrow(ArgumentError)
    })
  })
})
