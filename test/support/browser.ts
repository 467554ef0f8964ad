import { type Browser, chromium, type Page } from 'playwright-core'
import { browserProgram } from '../services/install.mjs'

/** The guard against a browser that hangs; a loaded machine may take most of it. */
const HANGS_MS = 120_000

/**
 * Starts a browser without a window: `await using browser = await startBrowser()`. Tests of it run where
 * `hasService('chromium')`.
 */
export async function startBrowser(args: string[] = []): Promise<Browser> {
  const executablePath = browserProgram()
  if (!executablePath) throw new Error('There is no browser: node test/services/install.mjs chromium')
  return await chromium.launch({ executablePath, args, timeout: HANGS_MS })
}

/** Opens an empty page whose time limits are guards only. The caller closes it, or the browser. */
export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage()
  page.setDefaultTimeout(HANGS_MS)
  return page
}
