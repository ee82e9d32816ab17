//! `phi::sys` against what a C compiler makes of `phi.h`, as `print_layout` tells it.

use std::collections::HashMap;
use std::mem::{size_of, MaybeUninit};
use std::process::Command;
use std::ptr::addr_of;

use phi::sys::*;

/// "size TYPE" -> [bytes], "field TYPE.NAME" -> [offset, bytes], "constant NAME" -> [value].
fn c_layout() -> HashMap<String, Vec<i64>> {
    let program = std::env::var("PHI_PRINT_LAYOUT")
        .expect("PHI_PRINT_LAYOUT names the program built from print_layout.c");
    let output = Command::new(program).output().expect("print_layout runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let numbers = words[2..]
                .iter()
                .map(|word| word.parse().expect("a number"));
            (format!("{} {}", words[0], words[1]), numbers.collect())
        })
        .collect()
}

fn size_behind<T>(_: *const T) -> i64 {
    size_of::<T>() as i64
}

/// Checks a struct's size and fields, and takes what it has checked out of the table.
macro_rules! check_struct {
    ($c:ident, $type:ident { $($field:ident),* }) => {
        let size = $c.remove(concat!("size ", stringify!($type))).expect("size")[0];
        // A newer header may have grown at the end; struct_size tells the library so.
        assert!(size_of::<$type>() as i64 <= size, stringify!($type));
        $(
            let value = MaybeUninit::<$type>::zeroed();
            let start = value.as_ptr();
            let field = unsafe { addr_of!((*start).$field) };
            let offset = (field as usize - start as usize) as i64;
            let name = concat!("field ", stringify!($type), ".", stringify!($field));
            let expected = $c.remove(name).expect(name);
            assert_eq!(vec![offset, size_behind(field)], expected, "{name}");
        )*
    };
}

macro_rules! check_constants {
    ($c:ident, $($name:ident),*) => {$(
        let value = $c.remove(concat!("constant ", stringify!($name))).expect(stringify!($name));
        assert_eq!(vec![i64::from($name)], value, stringify!($name));
    )*};
}

#[test]
fn structs_and_constants_are_those_of_the_header() {
    let mut c = c_layout();
    check_struct!(c, phi_error { code, message });
    check_struct!(
        c,
        phi_model_options {
            struct_size,
            weights,
            threads,
            isa,
            memory_limit_bytes,
            keep_going,
            log,
            user,
            repack,
            reserved,
            pin,
            priority,
            pool
        }
    );
    check_struct!(
        c,
        phi_sampling {
            struct_size,
            top_k,
            temperature,
            top_p,
            min_p,
            repeat_penalty,
            presence_penalty,
            frequency_penalty,
            penalty_window,
            ignore_end,
            seed,
            bias_tokens,
            biases,
            bias_count,
            stop_tokens,
            stop_count
        }
    );
    check_struct!(
        c,
        phi_session_options {
            struct_size,
            context,
            kv,
            threads,
            keep_going,
            user,
            sampling,
            precision,
            reserved,
            pin,
            priority,
            pool
        }
    );
    check_struct!(
        c,
        phi_stream_options {
            struct_size,
            keep_specials,
            stops,
            stop_count
        }
    );
    check_struct!(
        c,
        phi_message {
            role,
            content,
            content_bytes
        }
    );
    check_struct!(
        c,
        phi_model_info {
            struct_size,
            layers,
            hidden,
            heads,
            kv_heads,
            head_dim,
            vocab_size,
            context,
            parameters,
            weight_bytes,
            weights,
            reserved,
            architecture,
            name
        }
    );
    check_struct!(
        c,
        phi_tokenizer_info {
            struct_size,
            vocab_size,
            bos,
            pad,
            adds_bos,
            end_count,
            end
        }
    );
    check_struct!(
        c,
        phi_memory {
            struct_size,
            reserved,
            weights,
            cache,
            scratch,
            peak_while_loading,
            total
        }
    );
    check_constants!(
        c,
        PHI_ABI_VERSION,
        PHI_OK,
        PHI_END,
        PHI_PENDING,
        PHI_ERR_INVALID_ARGUMENT,
        PHI_ERR_OUT_OF_RANGE,
        PHI_ERR_BUFFER_TOO_SMALL,
        PHI_ERR_NOT_FOUND,
        PHI_ERR_IO,
        PHI_ERR_BAD_FORMAT,
        PHI_ERR_UNSUPPORTED,
        PHI_ERR_OUT_OF_MEMORY,
        PHI_ERR_OVER_BUDGET,
        PHI_ERR_CONTEXT_FULL,
        PHI_ERR_CANCELLED,
        PHI_ERR_INTERNAL,
        PHI_WEIGHTS_AS_STORED,
        PHI_WEIGHTS_F32,
        PHI_WEIGHTS_BF16,
        PHI_WEIGHTS_INT8,
        PHI_WEIGHTS_INT4,
        PHI_ISA_BEST,
        PHI_ISA_BASE,
        PHI_ISA_AVX2,
        PHI_ISA_AVX512,
        PHI_ISA_AVX512_VNNI,
        PHI_KV_BF16,
        PHI_KV_F32,
        PHI_KV_INT8,
        PHI_REPACK_WHEN_FASTER,
        PHI_REPACK_NEVER,
        PHI_PRECISION_STANDARD,
        PHI_PRECISION_FAST,
        PHI_PIN_NONE,
        PHI_PIN_CORES,
        PHI_PRIORITY_NORMAL,
        PHI_PRIORITY_LOW,
        PHI_PRIORITY_IDLE,
        PHI_LOG_DEBUG,
        PHI_LOG_INFO,
        PHI_LOG_WARNING
    );
    assert!(c.is_empty(), "not declared in phi::sys: {c:?}");
}

/// The functions that a source declares after `marker`, with the number of their parameters.
fn functions(source: &str, marker: &str) -> HashMap<String, usize> {
    source
        .split(marker)
        .skip(1)
        .filter_map(|rest| {
            let (name, rest) = rest.split_once('(')?;
            let count = rest
                .split_once(')')?
                .0
                .split(',')
                .filter(|parameter| !["", "void"].contains(&parameter.trim()))
                .count();
            Some((name.to_owned(), count))
        })
        .collect()
}

#[test]
fn functions_are_those_of_the_header() {
    let here = env!("CARGO_MANIFEST_DIR");
    let read = |path| std::fs::read_to_string(format!("{here}/../../../{path}")).expect(path);
    let header = read("capi/include/phi.h");
    let c = functions(&header, "PHI_CALL ");
    let declared = functions(&read("capi/bindings/rust/src/sys.rs"), "pub fn ");
    assert!(declared.len() > 30);
    for (name, parameters) in declared {
        assert_eq!(c.get(&name), Some(&parameters), "{name}");
    }
}

#[test]
fn the_library_that_runs_knows_this_interface() {
    assert!(phi::abi_version() >= PHI_ABI_VERSION);
    assert_eq!(phi::version().split('.').count(), 3);
    let name = unsafe { std::ffi::CStr::from_ptr(phi_status_name(PHI_ERR_CANCELLED)) };
    assert_eq!(name.to_str(), Ok("PHI_ERR_CANCELLED"));
}
