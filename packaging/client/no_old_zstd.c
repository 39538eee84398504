// SPDX-License-Identifier: GPL-2.0-or-later
//
// zstd formats from before its first stable version (0.8, 2016), which libzstd still reads and no kernel
// module has ever used: 0.1 MB. libkmod decompresses as a stream, and a stream in such a format now ends
// with zstd's own "not enough memory", because the first of these functions gives it no context.

#define REFUSE(name)     \
    void* name(void);    \
    void* name(void) {   \
        return (void*)0; \
    }

#define REFUSE_VERSION(v)                    \
    REFUSE(ZBUFF##v##_createDCtx)            \
    REFUSE(ZBUFF##v##_decompressContinue)    \
    REFUSE(ZBUFF##v##_decompressInitDictionary) \
    REFUSE(ZBUFF##v##_freeDCtx)              \
    REFUSE(ZSTD##v##_createDCtx)             \
    REFUSE(ZSTD##v##_decompress_usingDict)   \
    REFUSE(ZSTD##v##_findFrameSizeInfoLegacy) \
    REFUSE(ZSTD##v##_freeDCtx)               \
    REFUSE(ZSTD##v##_getFrameParams)

REFUSE_VERSION(v05)
REFUSE_VERSION(v06)
REFUSE_VERSION(v07)
