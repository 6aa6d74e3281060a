import { expect, it, jest } from '@jest/globals';

it('without the package pkcs11js nothing opens, and the error says how to get it', async () => {
  jest.unstable_mockModule('pkcs11js', () => {
    throw new Error("Cannot find package 'pkcs11js'");
  });
  const { CryptokiModule } = await import('./cryptoki-module.js');
  await expect(CryptokiModule.load('/usr/lib/softhsm/libsofthsm2.so')).rejects.toMatchObject({
    code: 'PARSEC_KEY_INVALID',
    message: expect.stringContaining('npm install pkcs11js'),
  });
});
