// Names the tests that a JSON report of vitest holds as failed, each with the start of its message.
import { readFileSync } from 'node:fs'
import process from 'node:process'

const longestMessage = 2000

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
for (const { name, status, message, assertionResults } of testResults) {
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (status === 'failed' && failed.length === 0) report(name, message)
  for (const { fullName, duration, failureMessages } of failed) {
    report(
      `${name}: ${fullName}, after ${Math.round((duration ?? 0) / 1000)} s`,
      failureMessages.map(messageOf).join('\n'),
    )
  }
}

/**
 * The report contains a placeholder instead of the message that a test ran out of time.
 * @param {string} text
 */
function messageOf(text) {
  return text.replace(/^Error: STACK_TRACE_ERROR/, 'The test ran out of time.')
}

/**
 * @param {string} title
 * @param {string} message
 */
function report(title, message) {
  console.log(`\nfailed: ${title}\n${message.slice(0, longestMessage)}`)
}
