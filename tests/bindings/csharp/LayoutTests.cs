using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using LibPhi;

/// <summary>The structs and numbers of the binding against what a C compiler makes of phi.h, as
/// print_layout tells it.</summary>
internal static class LayoutTests
{
    private static readonly Assembly Binding = typeof(Model).Assembly;

    /// A struct's fields, in order, are those of the header under C#'s names.
    public static void StructsAreThoseOfTheHeader()
    {
        List<string[]> header = Header();
        int structs = 0;
        foreach (string[] line in header.Where(line => line[0] == "size"))
        {
            Type type = Binding.GetType(
                "LibPhi.Native+" + Pascal(line[1].Substring("phi_".Length)), true);
            // A newer header may have grown at the end; struct_size tells the library so.
            Check.That(Marshal.SizeOf(type) <= int.Parse(line[2]), line[1]);
            string[][] fields = header
                .Where(field => field[0] == "field" && field[1].StartsWith(line[1] + "."))
                .ToArray();
            foreach (string[] field in fields)
            {
                string name = Pascal(field[1].Substring(line[1].Length + 1));
                Check.Equal(field[1] + " " + field[2],
                    field[1] + " " + Marshal.OffsetOf(type, name));
            }
            Check.Equal(fields.Length, type.GetFields(
                BindingFlags.Instance | BindingFlags.NonPublic).Length);
            ++structs;
        }
        Check.Equal(9, structs);
    }

    public static void ConstantsAreThoseOfTheHeader()
    {
        var enums = new Dictionary<string, Type>
        {
            { "PHI_ERR_", typeof(ErrorCode) }, { "PHI_WEIGHTS_", typeof(Weights) },
            { "PHI_ISA_", typeof(Isa) }, { "PHI_KV_", typeof(Kv) },
            { "PHI_REPACK_", typeof(Repack) }, { "PHI_PRECISION_", typeof(Precision) },
            { "PHI_PIN_", typeof(Pin) }, { "PHI_PRIORITY_", typeof(Priority) },
            { "PHI_LOG_", typeof(LogLevel) },
        };
        int constants = 0;
        foreach (KeyValuePair<string, Type> pair in enums)
        {
            List<string[]> lines = Header()
                .Where(line => line[0] == "constant" && line[1].StartsWith(pair.Key)).ToList();
            foreach (string[] line in lines)
            {
                string name = line[1].Substring(pair.Key.Length).Replace("_", "");
                Check.Equal(int.Parse(line[2]), (int)Enum.Parse(pair.Value, name, true));
            }
            Check.Equal(Enum.GetValues(pair.Value).Length, lines.Count);
            constants += lines.Count;
        }
        Check.Equal(37, constants);
    }

    public static void FunctionsAreThoseOfTheHeader()
    {
        string header = File.ReadAllText(TestRun.Golden("../../../capi/include/phi.h"));
        var parameters = new Dictionary<string, int>();
        foreach (Match match in Regex.Matches(header, @"PHI_CALL (phi_\w+)\(([^)]*)\);"))
        {
            string list = match.Groups[2].Value;
            parameters[match.Groups[1].Value] = list == "void" ? 0 : list.Split(',').Length;
        }
        MethodInfo[] declared = Binding.GetType("LibPhi.Native", true)
            .GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(method => method.Name.StartsWith("phi_")).ToArray();
        Check.That(declared.Length > 30);
        foreach (MethodInfo method in declared)
        {
            Check.Equal(method.Name + " " + parameters[method.Name],
                method.Name + " " + method.GetParameters().Length);
        }
    }

    public static void TheLibraryThatRunsKnowsThisInterface()
    {
        Check.That(Library.AbiVersion >= 1);
        Check.Equal(3, Library.Version.Split('.').Length);
        foreach (ErrorCode code in Enum.GetValues(typeof(ErrorCode)))
        {
            string name = Library.NameOf(code).Substring("PHI_ERR_".Length).Replace("_", "");
            Check.Equal(code.ToString().ToUpperInvariant(), name);
        }
    }

    private static List<string[]> Header()
    {
        var start = new ProcessStartInfo(TestRun.LayoutProgram)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using (Process process = Process.Start(start))
        {
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output.Split(new[] { '\n' }, StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split(' ')).ToList();
        }
    }

    /// phi_model_info -> PhiModelInfo
    private static string Pascal(string name)
    {
        return string.Concat(name.Split('_').Select(
            word => char.ToUpperInvariant(word[0]) + word.Substring(1)));
    }
}
