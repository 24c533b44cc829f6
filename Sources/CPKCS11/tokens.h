/* SPDX-License-Identifier: Apache-2.0
 * The part of PKCS #11 that signing needs, declared from the specification's tables, so that no
 * vendor's header is needed to build. The modules themselves are found and loaded at run time.
 * Spec: OASIS PKCS #11 Cryptographic Token Interface Base Specification 2.40, sections 3, 4, 5;
 * Current Mechanisms 2.40, sections 2.1, 2.3; CKK_EC_EDWARDS and CKM_EDDSA: version 3.0.
 * Layout: structures are aligned as the platform does (not packed, as only Windows demands). */
#ifndef ASSAY_TOKENS_H
#define ASSAY_TOKENS_H

typedef unsigned char CK_BYTE;
typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;
typedef CK_ULONG CK_FLAGS;
typedef CK_ULONG CK_SLOT_ID;
typedef CK_ULONG CK_SESSION_HANDLE;
typedef CK_ULONG CK_OBJECT_HANDLE;

typedef struct { CK_BYTE major, minor; } CK_VERSION;

/* 3.2: texts are padded with blanks, without a zero at their end. */
typedef struct {
    CK_BYTE label[32], manufacturerID[32], model[16], serialNumber[16];
    CK_FLAGS flags;
    CK_ULONG ulMaxSessionCount, ulSessionCount, ulMaxRwSessionCount, ulRwSessionCount;
    CK_ULONG ulMaxPinLen, ulMinPinLen;
    CK_ULONG ulTotalPublicMemory, ulFreePublicMemory, ulTotalPrivateMemory, ulFreePrivateMemory;
    CK_VERSION hardwareVersion, firmwareVersion;
    CK_BYTE utcTime[16];
} CK_TOKEN_INFO;

typedef struct { CK_ULONG type; void *pValue; CK_ULONG ulValueLen; } CK_ATTRIBUTE;
typedef struct { CK_ULONG mechanism; void *pParameter; CK_ULONG ulParameterLen; } CK_MECHANISM;

typedef struct {
    void *CreateMutex, *DestroyMutex, *LockMutex, *UnlockMutex;
    CK_FLAGS flags;
    void *pReserved;
} CK_C_INITIALIZE_ARGS;

/* 3.6: the order is the interface. What is not called is kept as a plain pointer; what follows
 * C_Sign is left out, as the structure is only ever pointed at. */
typedef struct {
    CK_VERSION version;
    CK_RV (*C_Initialize)(void *arguments);
    void *C_Finalize, *C_GetInfo, *C_GetFunctionList;
    CK_RV (*C_GetSlotList)(CK_BYTE tokenPresent, CK_SLOT_ID *slots, CK_ULONG *count);
    void *C_GetSlotInfo;
    CK_RV (*C_GetTokenInfo)(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
    void *C_GetMechanismList, *C_GetMechanismInfo, *C_InitToken, *C_InitPIN, *C_SetPIN;
    CK_RV (*C_OpenSession)(
        CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify,
        CK_SESSION_HANDLE *session);
    CK_RV (*C_CloseSession)(CK_SESSION_HANDLE session);
    void *C_CloseAllSessions, *C_GetSessionInfo, *C_GetOperationState, *C_SetOperationState;
    CK_RV (*C_Login)(
        CK_SESSION_HANDLE session, CK_ULONG user, const CK_BYTE *pin, CK_ULONG length);
    void *C_Logout, *C_CreateObject, *C_CopyObject, *C_DestroyObject, *C_GetObjectSize;
    CK_RV (*C_GetAttributeValue)(
        CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes,
        CK_ULONG count);
    void *C_SetAttributeValue;
    CK_RV (*C_FindObjectsInit)(CK_SESSION_HANDLE session, CK_ATTRIBUTE *pattern, CK_ULONG count);
    CK_RV (*C_FindObjects)(
        CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *found, CK_ULONG room, CK_ULONG *count);
    CK_RV (*C_FindObjectsFinal)(CK_SESSION_HANDLE session);
    void *C_EncryptInit, *C_Encrypt, *C_EncryptUpdate, *C_EncryptFinal;
    void *C_DecryptInit, *C_Decrypt, *C_DecryptUpdate, *C_DecryptFinal;
    void *C_DigestInit, *C_Digest, *C_DigestUpdate, *C_DigestKey, *C_DigestFinal;
    CK_RV (*C_SignInit)(
        CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Sign)(
        CK_SESSION_HANDLE session, const CK_BYTE *data, CK_ULONG length, CK_BYTE *signature,
        CK_ULONG *signatureLength);
} CK_FUNCTION_LIST;

/* 5.4: the one symbol that a module exports for us. */
typedef CK_RV (*CK_C_GetFunctionList)(CK_FUNCTION_LIST **list);

#endif
