import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { join } from 'node:path';
import { startFileServer } from '../support/file-server.ts';
import { measureInTurns, median } from './measure.ts';
import { ms, times, type Row } from './report.ts';
import { createRunner, remove } from './runs.ts';

const count = 200;
const bytes = 4096;

/** Small files by the download initializer against curl, which fetches them on one connection. */
export async function smallDownloads(dir: string): Promise<Row[]> {
  const runner = await createRunner(join(dir, 'downloads'));
  await using server = await startFileServer();
  const files = Array.from({ length: count }, (_, index) => {
    const content = Buffer.alloc(bytes, `${index} `);
    server.serve(`/file-${index}`, content);
    return {
      url: `${server.url}/file-${index}`,
      filePath: `folder-${index % 10}/file-${index}`,
      digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    };
  });
  const taken = await measureInTurns(
    {
      async run() {
        const path = await runner.run({ download: { files } });
        return async () => remove(path);
      },
      async curl() {
        const path = await runner.emptyDirectory();
        const wanted = files.flatMap((file) => ['-o', join(path, file.filePath), file.url]);
        await execa('curl', ['--silent', '--fail', '--create-dirs', ...wanted]);
        return async () => remove(path);
      },
    },
    7,
  );
  const [run, curl] = [median(taken.run), median(taken.curl)];
  return [
    {
      what: `${count} small files, digests checked, against curl on one connection without`,
      figures: `${ms(run)} against ${ms(curl)}`,
      result: times(run / curl),
      target: 'none',
      met: true,
    },
  ];
}
