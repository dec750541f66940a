/** Admin serves the library's own file under this name: see `dashboard-files.ts`. */
export { default } from 'uplot';
