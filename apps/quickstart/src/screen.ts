import { styleText } from 'node:util';
import { commands } from './commands.js';
import { loopbackUrl, type QuickstartPlaces } from './quickstart-config.js';

/** What the quickstart shows once everything runs. */
export function screen({ port, managementPort, identityProviderUrl }: QuickstartPlaces): string {
  const places = [
    ['token service', loopbackUrl(port), 'apps/quickstart/quickstart.yaml configures it'],
    ['health, metrics', loopbackUrl(managementPort), '/health/ready, /metrics'],
    ['identity provider', identityProviderUrl, 'a real one, for demonstration: alice may trade, bob may look'],
  ];
  const steps = commands(loopbackUrl(port), identityProviderUrl).map(
    ({ purpose, lines }, index) => `${strong(`${index + 1}.`)} ${purpose}\n\n${lines.join(' \\\n')}\n`,
  );
  return [
    '',
    strong('parsec is ready.'),
    '',
    ...places.map(([name = '', url = '', remark = '']) => `  ${name.padEnd(18)} ${url.padEnd(22)} ${faint(remark)}`),
    '',
    'Paste these into another terminal:',
    '',
    ...steps,
    faint('`npm run demo` does all of it by itself, and verifies. Ctrl-C ends everything. From here on, this is the log:'),
    '',
    '',
  ].join('\n');
}

function strong(text: string): string {
  return styleText('bold', text);
}

function faint(text: string): string {
  return styleText('dim', text);
}
