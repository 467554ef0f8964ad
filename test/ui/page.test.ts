import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { openPage, startBrowser } from '../support/browser.js'
import { watched } from './support.js'

/** A guard against a hang; a loaded machine may take most of it. */
const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 600_000 })

/**
 * With this folder, the tests write pictures into it. docs/images has three of them: live-page, live-page-graph and live-page-sql.
 *
 *     MILLRACE_SCREENSHOTS=/tmp/pictures npx vitest run test/ui/page.test.ts
 */
const SCREENSHOTS = process.env.MILLRACE_SCREENSHOTS
/** A text of records, names and errors. */
const HOSTILE = SCREENSHOTS ? 'counts by word' : '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
const PAGES = ['overview', 'batches', 'graph', 'state', 'sql', 'storage', 'checkpoints', 'connectors', 'configuration']
/** A name without a place to break, and one that turns the direction of text. */
const LONG = `${'x'.repeat(400)}\u202eevil`

/** A directory with a file, and another one that no batch takes: its time is in the future. */
function directoryWithLateFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-page-'))
  writeFileSync(join(directory, 'early'), 'a b\n')
  const file = join(directory, 'late')
  writeFileSync(file, 'late\n')
  const tomorrow = Date.now() / 1000 + 86_400
  utimesSync(file, tomorrow, tomorrow)
  return directory
}

/** Words with a shuffle and kept state; every 20th batch fails in the output named `HOSTILE`. */
function busyStream(directory: string) {
  // Pictures show a stream that keeps up, on a machine that does other things too.
  const ssc = watched(SCREENSHOTS ? { batchInterval: 1500 } : {})
  let batch = 0
  const lines = Array.from({ length: 400 }, (_, i) => `word${i % 50} ${HOSTILE}`)
  const words = ssc.queueStream<string>([], { default: lines }).flatMap((line) => line.split(' '))
  const pairs = words.map((word) => [word, 1] as [string, number])
  pairs
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd) => {
      await rdd.count()
    })
  pairs
    .updateStateByKey<number>((values, old = 0) => old + values.length)
    .uid('totals')
    .count()
    .foreachRDD((rdd) => rdd.collect())
  words.foreachRDD(() => {
    if (++batch % 20 === 2) throw new Error(HOSTILE)
  })
  pairs.filter(([word]) => word !== 'word0').output(HOSTILE)
  void drain(ssc, HOSTILE)
  ssc.pushStream<string>('pushed').foreachRDD((rdd) => rdd.count())
  if (!SCREENSHOTS) ssc.pushStream<string>(LONG).foreachRDD((rdd) => rdd.count())
  const texts = ssc.textFileStream(directory, { newFilesOnly: false })
  texts.foreachRDD((rdd) => rdd.collect())
  if (!SCREENSHOTS) {
    const known = texts.filter((line) => line.includes('a'))
    known.filter((line) => line.indexOf('b') > 0).foreachRDD((rdd) => rdd.count())
  }
  return ssc
}

async function drain(ssc: ReturnType<typeof watched>, name: string): Promise<void> {
  for await (const _ of ssc.output(name));
}

describe.runIf(hasService('chromium'))('the page in a browser', () => {
  const directory = directoryWithLateFile()
  const ssc = busyStream(directory)
  let browser: Awaited<ReturnType<typeof startBrowser>>
  let page: Page
  const faults: string[] = []
  const elsewhere: string[] = []

  beforeAll(async () => {
    await ssc.start()
    browser = await startBrowser()
    page = await openPage(browser)
    await page.setViewportSize({ width: 1280, height: 900 })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(ssc.ui!.url!)) elsewhere.push(request.url())
    })
    await page.goto(ssc.ui!.url!)
  })

  afterAll(async () => {
    await browser?.close()
    await ssc.stop()
    rmSync(directory, { recursive: true })
  })

  const go = (hash: string) => page.evaluate((to) => void (location.hash = to), hash)

  async function picture(name: string): Promise<void> {
    if (!SCREENSHOTS) return
    await mkdir(SCREENSHOTS, { recursive: true })
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: true })
  }

  test('the panels of the first page fill', async () => {
    await page.getByText('live').waitFor()
    await poll(() => page.locator('#state').textContent()).toBe('ACTIVE')
    await poll(() => page.locator('.timeline canvas').count()).toBe(4)
    await poll(() => page.locator('.timeline .figures').first().textContent()).toMatch(/p50 .*\/s/)
    await poll(() => page.locator('.tile .value').allTextContents()).not.toContain('–')
    expect(await page.locator('.thread').count()).toBe(3)
    await poll(() => page.locator('.memory .figures').textContent()).toMatch(/iB of .*iB for blocks/)
    await poll(() => page.locator('#summary').textContent()).toMatch(/ ([2-9]|\d\d+) batches/)
    if (SCREENSHOTS) await poll(() => page.locator('#summary').textContent()).toMatch(/[2-9]\d batches/)
    const sources = page.locator('.legend li:not([hidden])')
    await poll(() => sources.allTextContents()).toEqual([
      expect.stringMatching(/^queue: [1-9][0-9.]*\/s$/),
      'pushed: 0/s',
      ...(SCREENSHOTS ? [] : [`${LONG}: 0/s`]),
      `text files ${directory}: 0/s`,
    ])
    await picture('overview')
  })

  test('a thread that the button terminates appears in the recovery log, and recovers', async () => {
    await page.getByRole('button', { name: 'Terminate Thread 0' }).click()
    const row = page.getByRole('region', { name: 'Recovery log' }).locator('tbody tr').first()
    await row.waitFor()
    await poll(() => row.locator('td').nth(1).textContent()).toBe('0')
    await poll(() => row.locator('td').last().textContent()).toMatch(/\d (ms|s)/)
    await poll(() => page.locator('[data-slot="0"] .note').textContent()).toContain('1 restart')
    await poll(() => page.locator('[data-slot="0"]').getAttribute('data-state')).toBe('ready')
    await picture('live-page')
  })

  test('a failing batch shows its error with the stack, as text', async () => {
    await go('#/batches')
    await page.getByLabel('failed only').check()
    const rows = page.getByRole('region', { name: 'Completed batches' }).locator('tbody tr')
    await poll(() =>
      rows
        .locator('.status')
        .allTextContents()
        .then((all) => [...new Set(all)]),
    ).toEqual(['failed'])
    await picture('batches')
    await rows.locator('a').first().click()
    const summary = page.getByRole('region', { name: 'Output operations' }).locator('summary')
    await summary.waitFor()
    expect(await summary.textContent()).toContain(HOSTILE)
    await summary.click()
    expect(await page.locator('details pre').first().textContent()).toContain('page.test.ts')
    expect(await page.getByRole('region', { name: /^Stages of job/ }).count()).toBeGreaterThan(1)
    const stage = page.locator('details.tasks').first()
    expect(await stage.locator('summary').textContent()).toMatch(/^Tasks of stage \d+: 2$/)
    await stage.locator('summary').focus()
    await page.keyboard.press('Enter')
    const tasks = stage.locator('tbody tr')
    expect(await tasks.locator('td:first-child').allTextContents()).toEqual(expect.arrayContaining(['0', '1']))
    expect(await tasks.first().locator('td').nth(3).textContent()).toMatch(/[0-9] (µs|ms|s)$/)
    await picture('batch')
  })

  test.each(['graph', 'state', 'sql', 'storage', 'checkpoints', 'connectors', 'configuration'])(
    '%s fills',
    async (name) => {
      await go(`#/${name}`)
      const expected: Record<string, string> = {
        graph: '.node.output',
        state: 'tbody tr',
        sql: 'tbody tr',
        storage: '.empty',
        checkpoints: '.empty',
        connectors: 'tbody tr',
        configuration: 'tbody tr',
      }
      await page.locator(`main ${expected[name]}`).first().waitFor()
      expect(await page.locator('nav a[aria-current]').textContent()).toMatch(new RegExp(`^${name}$`, 'i'))
      await picture(name)
    },
  )

  test('every operation on the graph has its records and time, also inside a fused step', async () => {
    await go('#/graph')
    const figures = (name: string) =>
      page.locator('.node.stream', { hasText: name }).locator('.figures').allTextContents()
    await poll(() => figures('flatMap')).toEqual([expect.stringMatching(/^≈ 400 → 1.6K, [0-9.]+ (µs|ms|s)$/)])
    await poll(() => figures('map')).toContainEqual(expect.stringMatching(/^≈ 1.6K → 1.6K, /))
    await poll(() => figures('reduceByKey')).toContainEqual(expect.stringMatching(/^≈ 1[0-9][0-9] → [0-9]+, /))
    await picture('live-page-graph')
  })

  test('the graph says which functions became kernels, and why others did not', async () => {
    await go('#/graph')
    const filters = page.locator('.node.stream', { hasText: 'filter' })
    const texts = (part: string) => filters.locator(part).allTextContents()
    await poll(() => texts('title')).toEqual([
      'filter',
      'filter: known to kernels',
      'filter: a function: it calls `indexOf`',
    ])
    expect(await texts('.kernels')).toEqual(['', 'known to kernels', 'a function: it calls …'])
  })

  test('the connectors show what is left to read', async () => {
    await go('#/connectors')
    const part = page.getByRole('region', { name: 'Lag by partition' }).locator('tbody tr')
    await poll(() => part.locator('td').allTextContents()).toEqual([
      `text files ${directory}`,
      directory,
      '–',
      '–',
      '1 file',
    ])
    const row = page.getByRole('region', { name: 'Connectors' }).locator('tbody tr', { hasText: directory })
    await poll(() => row.textContent()).toContain('1 file')
  })

  test('the connectors show what a receiver has received, and since when', async () => {
    await go('#/connectors')
    const pushed = ssc.pushHandle<string>('pushed')
    const timer = setInterval(() => pushed.push(HOSTILE), 20)
    const row = page.getByRole('region', { name: 'Connectors' }).locator('tbody tr', { hasText: 'pushed' })
    try {
      await poll(() => row.textContent()).toMatch(/[1-9]\d* records?, [0-9.]+ (B|KiB)[0-9.]+ (µs|ms|s)/)
      await picture('connectors')
    } finally {
      clearInterval(timer)
    }
  })

  test('the state of a key is looked up', async () => {
    await go('#/state')
    const answer = page.getByLabel('State of the key')
    const ask = async (key: string) => {
      await page.getByLabel('Key, as JSON or text').fill(key)
      await page.getByRole('button', { name: 'Look up' }).click()
    }
    await ask('word7')
    await poll(() => answer.textContent()).toMatch(/^[1-9][0-9]*$/)
    await picture('look-up')
    await ask('a word that never came')
    const note = page.locator('.look-up [role=status]')
    await poll(() => note.textContent()).toMatch(/^The key has no state in the version of /)
    expect(await answer.isVisible()).toBe(false)
  })

  test('a query of SQL is written and sent by the keyboard, and its names and values are shown as text', async () => {
    await go('#/sql')
    const tables = page.getByRole('region', { name: 'Tables' })
    await tables.getByRole('button', { name: HOSTILE }).focus()
    await page.keyboard.press('Enter')
    const text = page.getByLabel('One SELECT in the SQL of DuckDB, read only')
    expect(await text.inputValue()).toBe(`select * from "${HOSTILE.replaceAll('"', '""')}" limit 20`)
    await page.keyboard.press('Control+Enter')
    const result = page.getByRole('region', { name: 'Result' })
    await poll(() => result.locator('tbody tr').count()).toBe(20)
    expect(await result.locator('th').allTextContents()).toEqual(['key', 'value'])
    await text.fill(`select '${HOSTILE}' as "${HOSTILE.replaceAll('"', '""')}", null as constructor, [1, 2] as list`)
    await page.getByRole('button', { name: 'Run' }).click()
    await poll(() => result.locator('tbody td').allTextContents()).toEqual([HOSTILE, 'null', '[1,2]'])
    expect(await result.locator('th').allTextContents()).toEqual([HOSTILE, 'constructor', 'list'])
    await text.fill('select key, value as total from state_totals order by total desc limit 5')
    await page.keyboard.press('Control+Enter')
    await poll(() => result.locator('th').allTextContents()).toEqual(['key', 'total'])
    await picture('live-page-sql')

    await text.fill(`select "${HOSTILE.replaceAll('"', '""')}"`)
    await page.keyboard.press('Control+Enter')
    const error = page.getByRole('alert')
    await poll(() => error.textContent()).toContain(HOSTILE.split(' ')[1]!)
    expect(await result.count()).toBe(0)
    expect(await page.locator('main img').count()).toBe(0)
    // The browser logs the answer.
    await poll(async () => faults.splice(0)).toEqual([expect.stringContaining('400')])
  })

  test('a node of the graph is chosen by the keyboard, and shows its lineage', async () => {
    await go('#/graph')
    await page.locator('.node.output').first().focus()
    await page.keyboard.press('Enter')
    await poll(() => page.locator('.lineage li').count()).toBeGreaterThan(2)
    expect(await page.locator('.node.chosen').count()).toBe(await page.locator('.lineage li').count())
  })

  test('the lineage of a partition leads from a shuffle to its blocks in threads, and to the input', async () => {
    await go('#/graph')
    await page.locator('.node.output').first().click()
    await page.getByLabel('Partition', { exact: true }).fill('1')
    await page.getByRole('button', { name: 'Show lineage' }).click()
    const steps = page.locator('.partition-lineage > li')
    await poll(() => steps.count()).toBeGreaterThan(2)
    expect(await steps.first().textContent()).toMatch(/reduceByKey.* partition 1 of 2.*shuffle map/)
    const all = (await steps.allTextContents()).join('\n')
    expect(all).toMatch(/map output of partition 0, [0-9.]+ (B|KiB), in thread [01]/)
    expect(all).toMatch(/narrow .*queue/)
    expect(all).toContain('records of the driver')
    await picture('lineage')
    await page.getByLabel('Partition', { exact: true }).fill('99')
    await page.getByRole('button', { name: 'Show lineage' }).click()
    await poll(() => page.locator('.look-up [role=status]').textContent()).toContain('has no partition 99')
    expect(await steps.count()).toBe(0)
    // The browser logs the answer.
    await poll(async () => faults.splice(0)).toEqual([expect.stringContaining('404')])
  })

  /** The address of a batch that failed, once its tables are there. */
  async function aBatch(): Promise<string> {
    await go('#/batches')
    await page.getByLabel('failed only').check()
    const link = page.getByRole('region', { name: 'Completed batches' }).locator('tbody a').first()
    const address = (await link.getAttribute('href'))!.replace('#/', '')
    await go(`#/${address}`)
    await page
      .getByRole('region', { name: /^Stages of job/ })
      .first()
      .waitFor()
    return address
  }

  test.each(['light', 'dark'] as const)('axe finds no serious fault in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
    // The page's own policy forbids other scripts, so the checker comes through the debugger.
    const { readFile } = await import('node:fs/promises')
    await page.evaluate(await readFile(axe, 'utf8'))
    for (const hash of [...PAGES, await aBatch()]) {
      await go(`#/${hash}`)
      await page.locator('main h2').first().waitFor()
      const found = await page.evaluate(async () => {
        const { violations } = await (window as unknown as { axe: { run(): Promise<AxeResult> } }).axe.run()
        return violations
          .filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
      })
      expect(found, hash).toEqual([])
    }
    await go('#/overview')
    await picture(`overview-${colorScheme}`)
  })

  test('a phone shows it without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    for (const hash of [...PAGES, await aBatch()]) {
      await go(`#/${hash}`)
      await page.locator('main h2').first().waitFor()
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(wider, hash).toBeLessThanOrEqual(0)
    }
    await go('#/overview')
    await picture('phone')
  })

  test('nothing was injected, nothing failed, and no request left the machine', async () => {
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
    expect(faults).toEqual([])
    expect(elsewhere).toEqual([])
  })

  test('a stop is shown', async () => {
    await ssc.stop()
    await poll(() => page.locator('#state').textContent()).toBe('STOPPED')
  })
})

interface AxeResult {
  readonly violations: { readonly id: string; readonly impact: string; readonly nodes: { readonly html: string }[] }[]
}
