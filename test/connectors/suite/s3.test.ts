import { row } from './rows/s3.js'
import { runSuite } from './suite.js'

runSuite(row)
