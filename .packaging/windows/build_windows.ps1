# Builds the installer for Windows, from a clone, with Python 3.11 or newer and Inno Setup 6:
#
#     powershell -ExecutionPolicy Bypass -File .packaging\windows\build_windows.ps1 [-Python PROGRAM]
#
# -Python takes an environment that has '.[build]' instead of making one in build\venv from
# .packaging\requirements-release.txt. With
# SIGN_COMMAND set (a signtool command line in which $f stands for the file), the installer and
# its uninstaller are signed; without it they are not. The result is in dist.

param([string]$Python = "")
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..")

function Invoke-Checked([string]$Program, [string[]]$Arguments) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Program $Arguments failed ($LASTEXITCODE)" }
}

if (-not $Python) {
    $Python = "build\venv\Scripts\python.exe"
    if (-not (Test-Path $Python)) { Invoke-Checked "python" @("-m", "venv", "build\venv") }
    Invoke-Checked $Python @("-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps",
        "-r", ".packaging\requirements-release.txt")
    Invoke-Checked $Python @(
        "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", ".")
}
$version = [regex]::Match(
    (Get-Content -Raw "ecgviewer\__init__.py"), '__version__ = "(.+)"').Groups[1].Value

Invoke-Checked $Python @(
    "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN",
    "--distpath", "build\dist", "--workpath", "build\pyinstaller", "build_app.spec")
$program = (Resolve-Path "build\dist\ecgviewer").Path
Invoke-Checked $Python @(
    "-B", ".packaging\notices.py", "build\pyinstaller\build_app", $program)
Invoke-Checked "$program\ecgviewer.exe" @("selftest")

New-Item -ItemType Directory -Force "dist" | Out-Null
$compiler = Join-Path ${env:ProgramFiles(x86)} "Inno Setup 6\ISCC.exe"
$arguments = @("/Qp", "/DVersion=$version", "/DProgram=$program", "/DOutput=$((Resolve-Path dist).Path)")
if ($env:SIGN_COMMAND) { $arguments += @("/DSign", "/Ssign=$env:SIGN_COMMAND") }
Invoke-Checked $compiler ($arguments + ".packaging\windows\ecgviewer.iss")

$installer = Get-Item "dist\ecgviewer-$version-windows-x64.exe"
$installerMb = [math]::Round($installer.Length / 1e6)
$installedMb = [math]::Round(
    (Get-ChildItem -Recurse -File $program | Measure-Object Length -Sum).Sum / 1MB)
Write-Output "$($installer.Name): $installerMb MB, installed: $installedMb MB"
if ($installerMb -gt 350 -or $installedMb -gt 950) { throw "over the limits: 350 MB, 950 MB" }
