import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { startFileServer } from '../support/file-server.ts';
import { measureInTurns, median } from './measure.ts';
import { ms, times, type Row } from './report.ts';
import { createRunner, remove } from './runs.ts';

const bytes = 1024 ** 3;

/** One large file by the download initializer, its digest checked, against curl, which checks nothing. */
export async function singleDownload(dir: string): Promise<Row[]> {
  const runner = await createRunner(join(dir, 'download'));
  await using server = await startFileServer();
  const content = randomBytes(bytes);
  server.serve('/large', content);
  const url = `${server.url}/large`;
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const taken = await measureInTurns(
    {
      async run() {
        const path = await runner.run({
          download: { files: [{ url, filePath: 'large', digest }] },
        });
        return async () => remove(path);
      },
      async curl() {
        const path = await runner.emptyDirectory();
        await execa('curl', ['--silent', '--fail', '-o', join(path, 'large'), url]);
        return async () => remove(path);
      },
      async checked() {
        const path = await runner.emptyDirectory();
        const file = join(path, 'large');
        await execa('curl', ['--silent', '--fail', '-o', file, url]);
        await execa('sha256sum', [file]);
        return async () => remove(path);
      },
    },
    3,
  );
  const [run, curl, checked] = [median(taken.run), median(taken.curl), median(taken.checked)];
  return [
    {
      what: 'one file of 1 GiB, digest checked, against curl without',
      figures: `${ms(run)} against ${ms(curl)}, and ${ms(checked)} with sha256sum after it`,
      result: `${times(run / curl)}, ${times(run / checked)} with sha256sum`,
      target: '1.25x',
      met: run / curl <= 1.25,
    },
  ];
}
