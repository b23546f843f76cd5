export { createComplaint } from '../complaint.ts'
