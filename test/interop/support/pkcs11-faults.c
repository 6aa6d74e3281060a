/*
 * A PKCS#11 module that is SoftHSM, and fails on demand as hardware does.
 *
 * PARSEC_SOFTHSM2_MODULE names the module behind it, PARSEC_PKCS11_FAULTS a directory. While that has a file <pid>.<function>,
 * the function does what its content says: "stall" waits until the file is gone or says something else; a number in hexadecimal is
 * returned in place of an answer, or for C_GetTokenInfo added to the flags; "once" before the number removes the file. Every call of these functions adds a line to <pid>.calls.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11.h"

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST functions;

static void path_of(const char *name, char *path, size_t size) {
  const char *directory = getenv("PARSEC_PKCS11_FAULTS");
  snprintf(path, size, "%s/%d.%s", directory == NULL ? "/nonexistent" : directory, (int)getpid(), name);
}

static void note(const char *function) {
  char path[4096];
  path_of("calls", path, sizeof path);
  FILE *file = fopen(path, "a");
  if (file == NULL) return;
  fprintf(file, "%s\n", function);
  fclose(file);
}

static CK_RV fault(const char *function) {
  char path[4096];
  char text[32];
  path_of(function, path, sizeof path);
  for (;;) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return CKR_OK;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    if (strncmp(text, "once ", 5) == 0) {
      unlink(path);
      return strtoul(text + 5, NULL, 16);
    }
    if (strcmp(text, "stall") != 0) return strtoul(text, NULL, 16);
    usleep(1000);
  }
}

#define UNLESS_FAULT(function, arguments)       \
  do {                                          \
    note(#function);                            \
    CK_RV value = fault(#function);             \
    return value == CKR_OK ? real->function arguments : value; \
  } while (0)

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  UNLESS_FAULT(C_Login, (session, user, pin, length));
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify, CK_SESSION_HANDLE_PTR session) {
  UNLESS_FAULT(C_OpenSession, (slot, flags, application, notify, session));
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key) {
  UNLESS_FAULT(C_SignInit, (session, mechanism, key));
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG length, CK_BYTE_PTR signature, CK_ULONG_PTR signature_length) {
  UNLESS_FAULT(C_Sign, (session, data, length, signature, signature_length));
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count) {
  UNLESS_FAULT(C_FindObjectsInit, (session, template, count));
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
                               CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count, CK_OBJECT_HANDLE_PTR public_key,
                               CK_OBJECT_HANDLE_PTR private_key) {
  UNLESS_FAULT(C_GenerateKeyPair,
               (session, mechanism, public_template, public_count, private_template, private_count, public_key, private_key));
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
  CK_RV value = real->C_GetTokenInfo(slot, info);
  note("C_GetTokenInfo");
  if (value == CKR_OK) info->flags |= fault("C_GetTokenInfo");
  return value;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
  const char *path = getenv("PARSEC_SOFTHSM2_MODULE");
  void *module = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CK_C_GetFunctionList get = module == NULL ? NULL : (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  if (get == NULL || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
  functions = *real;
  functions.C_GetFunctionList = C_GetFunctionList;
  functions.C_Login = login;
  functions.C_OpenSession = open_session;
  functions.C_SignInit = sign_init;
  functions.C_Sign = sign;
  functions.C_FindObjectsInit = find_objects_init;
  functions.C_GenerateKeyPair = generate_key_pair;
  functions.C_GetTokenInfo = get_token_info;
  *list = &functions;
  return CKR_OK;
}
